"""What the desk's server takes: answers of a large store, and under load."""

import http.client
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from PIL import Image

WRK = """
local paths = {%s}
local turn = 0
request = function()
    turn = turn + 1
    return wrk.format("GET", paths[turn %% #paths + 1])
end
"""


class Client:
    """One connection that asks again and again."""

    def __init__(self, desk):
        self.connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=60)

    def ask(self, path):
        """Milliseconds until all of an answer is there."""
        start = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        answer.read()
        taken = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        return taken


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def questions(desk):
    """What is asked of a store: pages, searches, filters."""
    total = desk.get("/results?limit=1")["total"]
    folder = next(folder["id"] for folder in desk.get("/folders")["folders"] if folder["name"])
    for entry in desk.get("/results?limit=20")["results"]:
        desk.post(f"/results/{entry['id']}/choose", {"variant": 1})
    search = urllib.parse.quote(f"{total // 2:06}")
    return {
        "the first page": "limit=60",
        "a page far down": f"limit=60&offset={total * 9 // 10}",
        "search, many hits": "limit=60&q=camera",
        "search, one hit": f"limit=60&q={search}",
        "search, none": "limit=60&q=nobody",
        "filter: chosen": "limit=60&filter=chosen",
        "filter: not chosen": "limit=60&filter=unchosen",
        "filter and search": "limit=60&filter=unchosen&q=camera",
        "a folder": f"limit=60&folder={folder}",
    }


def store(desk, times=50):
    """Milliseconds to answer each question: median and slowest, the first one too."""
    client, asked = Client(desk), questions(desk)
    for name, query in asked.items():
        if bool(desk.get("/results?" + query)["total"]) == (name == "search, none"):
            raise SystemExit(f"{name}: not what was meant to be found")
    return {name: [client.ask("/api/v1/results?" + query) for _ in range(times)] for name, query in asked.items()}


def health(desk, source, seconds):
    """Milliseconds to answer /healthz on new and on kept connections while the daemon's workers have more than enough."""
    photograph = Image.open(source).convert("L")
    for number in range(400):
        # Each is a photograph of its own.
        photograph.putpixel((0, 0), number % 256)
        photograph.putpixel((1, 0), number // 256)
        photograph.save(desk.inbox / f"work-{number:03}.png", compress_level=0)
    desk.start("watch")
    while not desk.get("/queue")["in_hand"]:
        time.sleep(0.1)
    kept, taken, end = Client(desk), [], time.monotonic() + seconds
    while time.monotonic() < end:
        taken += [kept.ask("/healthz"), Client(desk).ask("/healthz")]
        time.sleep(0.005)
    if not desk.get("/queue")["in_hand"]:
        raise SystemExit("the workers ran out of work while /healthz was asked")
    desk.stop("watch")
    for path in desk.inbox.glob("work-*.png"):
        path.unlink()
    return taken


def memory(process):
    """Megabytes that a process has in memory, and the most that it ever had."""
    with open(f"/proc/{process.pid}/status") as status:
        found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read(), re.M))
    return int(found["VmRSS"]) / 1000, int(found["VmHWM"]) / 1000


def pressure(desk, seconds, connections=200):
    """What wrk says of so many connections, and megabytes of the desk while it runs."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: scripts/dependencies bench")
    entry = desk.get("/results")["results"][0]
    paths = ["/", "/healthz", "/api/v1/results?limit=60", f"/api/v1/results/{entry['id']}", entry["images"]["thumbnail"]]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", script.name, desk.address]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seen = []
        while run.poll() is None:
            seen.append(memory(desk.processes["desk"])[0])
            time.sleep(1)
        said = run.stdout.read()
    requests = int(re.search(r"(\d+) requests in", said)[1])
    wrong = re.findall(r"Socket errors:.*|Non-2xx.*", said)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return requests, rate, wrong, seen


def exposure(root):
    """What systemd says of the unit's exposure, of 10."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("autochrome-desk.service", "autochrome-desk.socket"):
            text = (root / "systemd" / name).read_text()
            text = text.replace("@PREFIX@", "/usr").replace("@SYSCONFDIR@", "/etc")
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", os.path.join(folder, "autochrome-desk.service")]
        run = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", run.stdout)
    return float(found[1]) if found else None

