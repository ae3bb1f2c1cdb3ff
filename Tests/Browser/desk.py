"""The built program on a spool of its own: the daemon that colours, and the desk."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(os.environ.get("AUTOCHROME", root / ".build/debug/autochrome")).resolve()
samples = root / "Samples"

CONFIGURATION = """
quiet_seconds: 0.2
rescan_seconds: 5
attempts: 1
threads: {threads}
{settings}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=60):
    """Waits until something holds, and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Desk:
    """A spool with its daemon and its desk, in a folder that goes away."""

    def __init__(self, settings="samples: 4", threads=1):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="autochrome-desk-"))
        for name in ("inbox", "outbox", "state"):
            (self.folder / name).mkdir()
        self.inbox = self.folder / "inbox"
        self.outbox = self.folder / "outbox"
        self.configuration = self.folder / "autochrome.yaml"
        self.configuration.write_text(CONFIGURATION.format(settings=settings, threads=threads))
        self.port = free_port()
        self.processes = {}

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def arguments(self, command):
        places = [f"--{name}={self.folder / name}" for name in ("inbox", "outbox", "state")]
        return [str(program), command, f"--config={self.configuration}", *places]

    def start(self, *commands):
        for command in commands or ("watch", "desk"):
            extra = [f"--listen=127.0.0.1:{self.port}"] if command == "desk" else []
            log = open(self.folder / f"{command}.log", "ab")
            self.processes[command] = subprocess.Popen(
                self.arguments(command) + extra, stdout=log, stderr=log, cwd=self.folder
            )
        if "desk" in self.processes:
            wait_for(self.answers, f"the desk answers; its log: {self.log('desk')}")
        return self

    def log(self, command):
        path = self.folder / f"{command}.log"
        return path.read_text()[-2000:] if path.exists() else ""

    def answers(self):
        assert self.processes["desk"].poll() is None, f"the desk ended: {self.log('desk')}"
        try:
            with urllib.request.urlopen(self.address + "/readyz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path):
        with urllib.request.urlopen(self.address + "/api/v1" + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path, body):
        """Writes as a page of the desk does."""
        headers = {
            "Content-Type": "application/json",
            "Origin": self.address,
            "Sec-Fetch-Site": "same-origin",
            "X-CSRF-Token": self.get("/session")["csrf"],
        }
        request = urllib.request.Request(self.address + "/api/v1" + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def run(self, *arguments):
        """Runs the program to its end."""
        subprocess.run([str(program), *arguments], check=True, capture_output=True, cwd=self.folder)

    def unchoose_all(self):
        for entry in self.get("/results?filter=chosen")["results"]:
            self.post(f"/results/{entry['id']}/unchoose", {})

    def put(self, source, name=None):
        """Puts a photograph into the inbox."""
        target = self.inbox / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        shutil.copy(source, partial)
        partial.rename(target)

    def fill(self, count, photographs=samples, light=False):
        """Puts `count` results into the outbox: links to a few that are really made.

        Light ones share their metadata and lack what the wall does not show.
        """
        originals, made = self.folder / "originals", self.folder / "made"
        originals.mkdir()
        for photograph in sorted(photographs.iterdir() if photographs.is_dir() else [photographs]):
            if photograph.suffix in (".jpg", ".png", ".tif"):
                shutil.copy(photograph, originals)
        places = [f"--inbox={originals}", f"--outbox={made}", f"--state={self.folder / 'made-state'}"]
        self.run("watch", "--once", f"--config={self.configuration}", *places)
        sources = sorted(path for path in made.iterdir() if path.is_dir())
        for number in range(count):
            source = sources[number % len(sources)]
            target = self.outbox / f"Album {number // 500:03}" / f"{source.name}-{number:06}"
            target.mkdir(parents=True)
            if light:
                for name in (f"{source.name}.json", "01.jpg", ".thumbnail-01.jpg"):
                    os.link(source / name, target / name)
                continue
            for file in source.iterdir():
                if file.suffix != ".json":
                    os.link(file, target / file.name)
            metadata = json.loads((source / f"{source.name}.json").read_text())
            metadata["source"]["name"] = target.name + pathlib.Path(metadata["source"]["name"]).suffix
            (target / f"{target.name}.json").write_text(json.dumps(metadata))

    def colored(self, count):
        """Waits until so many results are on the wall."""
        return wait_for(
            lambda: self.get("/results")["total"] >= count and self.get("/results"), f"{count} results; {self.log('watch')}"
        )

    def stop(self, *commands):
        """Ends processes as a service manager does, and reports those that did not end well."""
        problems = []
        for command in commands or tuple(self.processes):
            process = self.processes.pop(command)
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            if code != 0:
                problems.append(f"{command} ended with {code}: {self.log(command)}")
        assert not problems, "\n".join(problems)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
