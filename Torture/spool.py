"""A spool to torture: photographs made by hand, the program run on them, and what must be true of the outcome."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent / ".build/release/autochrome"
MODEL = HERE.parent / "Models/compact.safetensors"
STATES = ["received", "claimed", "waiting", "published", "failed", "quarantined", "skipped"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wait(condition: Callable[[], object], what: str, seconds: float = 120, pause: float = 0.02) -> None:
    """Waits until something holds, and looks again after each pause."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(pause)


def files_below(folder: Path) -> list[Path]:
    """The files below a folder, hidden ones too; folders may come and go meanwhile, which `rglob` does not stand."""
    paths = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    return [path for path in paths if path.is_file()]


def png(width: int, height: int, seed: int) -> bytes:
    """A gray PNG of gradients and noise; another seed gives another picture."""
    r = random.Random(seed)
    a, b = r.randint(1, 5), r.randint(1, 5)
    rows = b"".join(
        b"\0" + bytes((a * x + b * y) % 200 + r.randrange(40) for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(width: int, height: int, seed: int) -> bytes:
    """A little-endian TIFF of one uncompressed gray strip."""
    r = random.Random(seed)
    fields = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    fields += [(273, 4, 8 + 2 + 9 * 12 + 4), (277, 3, 1), (278, 4, height), (279, 4, width * height)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    pixels = bytes((x * 3 + y * 2) % 200 + r.randrange(40) for y in range(height) for x in range(width))
    return b"II*\0" + struct.pack("<IH", 8, 9) + entries + struct.pack("<I", 0) + pixels


def picture(seed: int) -> tuple[str, bytes]:
    """A photograph of a small random size and its file name's ending."""
    r = random.Random(seed)
    width, height = r.choice([(24, 18), (48, 36), (96, 72), (160, 120)])
    return (".png", png(width, height, seed)) if r.random() < 0.7 else (".tif", tiff(width, height, seed))


def preload() -> Path:
    """The fault injector, compiled where it is older than its source."""
    library = Path(tempfile.gettempdir()) / f"autochrome-faults-{sha256((HERE / 'faults.c').read_bytes())[:12]}.so"
    if not library.exists():
        made = library.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", made, HERE / "faults.c", "-ldl"], check=True)
        made.rename(library)
    return library


@dataclass
class Outcome:
    """What a check of a spool found wrong, each as lines for people."""

    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.half or self.twice or self.other)

    def add(self, other: "Outcome", prefix: str = "") -> None:
        for kind in ("lost", "half", "twice", "other"):
            getattr(self, kind).extend(prefix + line for line in getattr(other, kind))

    def __str__(self) -> str:
        found = "\n".join(f"  {line}" for line in self.lost + self.half + self.twice + self.other)
        text = f"lost/half/twice = {len(self.lost)}/{len(self.half)}/{len(self.twice)}"
        if self.other:
            text += f", otherwise wrong: {len(self.other)}"
        return f"{text}\n{found}" if found else text


def finish(cases: int, outcome: Outcome) -> NoReturn:
    """Ends a harness; its last line is for `run.py`."""
    numbers = {kind: len(getattr(outcome, kind)) for kind in ("lost", "half", "twice", "other")}
    print(json.dumps({"cases": cases} | numbers), flush=True)
    sys.exit(1 if outcome else 0)


class Spool:
    """The folders of one service, and its processes."""

    def __init__(self, program: Path, root: Path | None = None, **settings: object) -> None:
        self.program = program
        self.root = root or Path(tempfile.mkdtemp(prefix="autochrome-torture-")).resolve()
        self.inbox, self.outbox, self.state = (self.root / n for n in ("inbox", "outbox", "state"))
        self.failed = self.state / "failed"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.configuration = self.root.parent / f"{self.root.name}.yaml"
        self.log = Path(tempfile.gettempdir()) / f"{self.root.parent.name}-{self.root.name}.log"
        self.settings: dict[str, object] = {
            "samples": 1, "candidates": 1, "quiet_seconds": 0.3, "threads": 2, "workers": 2,
            "backoff_seconds": 0, "free_megabytes": 1, "log_level": "debug", "model": MODEL,
        }  # fmt: skip
        self.settings |= {n: getattr(self, n) for n in ("inbox", "outbox", "state")}
        self.configure(**settings)

    def configure(self, **settings: object) -> None:
        self.settings |= settings
        self.configuration.write_text("".join(f"{key}: {value}\n" for key, value in self.settings.items()))

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        self.configuration.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)

    def start(self, *arguments: str, **environment: object) -> subprocess.Popen[bytes]:
        """Starts a command; the environment's names get TORTURE_ before them, and any preloads the injector.

        `host` and `boot` are what the program takes for its machine's.
        """
        variables = dict(os.environ)
        variables.pop("NOTIFY_SOCKET", None)
        if "notify" in environment:
            variables["NOTIFY_SOCKET"] = str(environment.pop("notify"))
        for name, variable in (("host", "AUTOCHROME_TEST_HOST"), ("boot", "AUTOCHROME_TEST_BOOT_ID")):
            if name in environment:
                variables[variable] = str(environment.pop(name))
        if environment:
            variables |= {"LD_PRELOAD": str(preload()), "TORTURE_ROOT": str(self.root)}
            variables |= {f"TORTURE_{k.upper()}": str(v) for k, v in environment.items()}
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [self.program, *arguments, "--config", self.configuration],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables, start_new_session=True,
            )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 300, **environment: object) -> int:
        """Runs a command to its end; the exit code, or less than 0 for a signal."""
        process = self.start(*arguments, **environment)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{arguments} still ran after {timeout} s; see {self.log}") from None

    def status(self) -> dict[str, object]:
        command = [self.program, "status", "--json", "--config", self.configuration]
        return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)

    def drop(self, name: str, data: bytes) -> None:
        """Moves a file into the inbox whole."""
        aside = self.root / f"aside-{random.getrandbits(64):x}"
        aside.write_bytes(data)
        target = self.inbox / name
        while True:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                aside.rename(target)
                return
            except FileNotFoundError:
                # The program removes folders that it has emptied.
                assert aside.exists(), f"{aside} is gone"

    def drain(self) -> None:
        """Works off all there is, with what was quarantined for the kills tried again, undisturbed."""
        self.run("watch", "--once")
        for _ in range(2):
            if not self.reasons():
                return
            self.run("retry")
            self.run("watch", "--once")

    # What is there

    def results(self) -> dict[str, "Result"]:
        """Every visible folder of the outbox that holds files, by its path there."""
        found = {}
        for folder, folders, files in os.walk(self.outbox):
            folders[:] = [f for f in folders if not f.startswith(".")]
            if any(not f.startswith(".") for f in files):
                found[os.path.relpath(folder, self.outbox)] = Result(Path(folder), files)
        return found

    def look(self, known: dict[tuple[str, str], int], outcome: "Outcome", when: str = "") -> None:
        """Whatever is visible is whole, and what was made once, by an earlier look, is not made again."""
        for path, result in self.results().items():
            outcome.half += [when + problem for problem in result.problems]
            before = known.setdefault((path, result.source), result.inode)
            if before != result.inode:
                outcome.twice.append(f"{when}{path} was made again")

    def jobs(self) -> dict[str, dict[str, object]]:
        """The ledger's rows by path, after a look at its integrity."""
        database = sqlite3.connect(self.state / "ledger.sqlite")
        database.row_factory = sqlite3.Row
        try:
            check = database.execute("PRAGMA integrity_check").fetchone()[0]
            assert check == "ok", f"ledger: {check}"
            jobs = {}
            for row in database.execute("SELECT * FROM job"):
                jobs[os.fsdecode(row["path"])] = dict(row) | {"state": STATES[row["state"]]}
            tally = dict(database.execute("SELECT state, count FROM tally").fetchall())
            for number, name in enumerate(STATES):
                count = sum(job["state"] == name for job in jobs.values())
                assert tally[number] == count, f"ledger: tally of {name} is {tally[number]}, there are {count}"
            return jobs
        finally:
            database.close()

    def reasons(self) -> dict[str, str]:
        """Why each file in `failed` is there, by its path in the inbox."""
        found = {}
        for report in files_below(self.failed):
            if report.suffix == ".json" and report.with_suffix("").is_file():
                document = json.loads(report.read_text())
                found[document["path"]] = document["reason"]
        return found

    def leftovers(self) -> list[str]:
        """Hidden things of the program's own that no result holds: small pictures and the marker are meant to be there."""
        return [f"left in the outbox: {path}" for path in self.outbox.rglob(".autochrome-*")]

    def missing(self, files: Iterable[bytes]) -> list[str]:
        """Which of these files are nowhere any more: not in the inbox, nor the archive, nor among the failed."""
        places = [self.inbox, self.state / "archive", self.failed]
        there = {sha256(p.read_bytes()) for place in places for p in files_below(place)}
        return [f"an original is gone: {sha256(f)}" for f in files if sha256(f) not in there]

    def judge(
        self,
        good: dict[str, bytes],
        bad: set[str],
        truth: dict[str, list[str]] | None = None,
        earlier: Sequence[bytes] = (),
    ) -> Outcome:
        """Holds a drained spool against what was put into it.

        `good` are the photographs by name and `bad` the names of files that cannot be coloured; `truth` are the
        variants' hashes of an undisturbed run by the photograph's, and `earlier` what had a result before its name was
        used for another photograph: that result stays.
        """
        outcome = Outcome()
        results = self.results()
        for result in results.values():
            outcome.half += result.problems
        by_content: dict[str, list[Result]] = {}
        for result in results.values():
            by_content.setdefault(result.source, []).append(result)
        reasons = self.reasons()
        try:
            jobs = self.jobs()
        except (AssertionError, sqlite3.Error) as error:
            outcome.other.append(str(error))
            return outcome
        wanted = {sha256(data): name for name, data in good.items()}
        for content, name in wanted.items():
            made = by_content.get(content, [])
            if not made:
                outcome.lost.append(f"{name}: no result; {jobs.get(name)} {reasons.get(name)}")
            elif len(made) > 1:
                outcome.twice.append(f"{name}: {[str(m.path) for m in made]}")
            elif truth is not None and made[0].variants != truth[content]:
                outcome.half.append(f"{name}: other variants than undisturbed")
        for content in map(sha256, earlier):
            if content not in wanted and len(by_content.get(content, [])) != 1:
                outcome.lost.append(f"the earlier {content}: {[str(m.path) for m in by_content.get(content, [])]}")
        for content in by_content.keys() - wanted.keys() - set(map(sha256, earlier)):
            outcome.other.append(f"a result of what was never put in: {by_content[content][0].path}")
        for name, data in good.items():
            job = jobs.get(name)
            if not job or job["state"] != "published" or job["content"].hex() != sha256(data):
                outcome.other.append(f"{name}: the ledger says {job}")
            elif os.fsdecode(job["result"]) not in results:
                outcome.other.append(f"{name}: the ledger names a result that is not there: {job['result']!r}")
        for name in bad:
            if not reasons.get(name):
                outcome.lost.append(f"{name}: not among the failed, or without a reason; {jobs.get(name)}")
        for name, job in jobs.items():
            if job["state"] in ("received", "claimed", "waiting"):
                outcome.other.append(f"{name}: still {job['state']}")
        if self.settings.get("originals") != "delete":
            outcome.lost += self.missing(good.values())
        outcome.other += self.leftovers()
        return outcome


class Result:
    """A folder of the outbox, read back."""

    def __init__(self, path: Path, files: list[str]) -> None:
        self.path = path
        self.problems: list[str] = []
        self.source = ""
        self.variants: list[str] = []
        self.inode = 0
        # What belongs to a choice may lie beside the rest.
        choices = {f for f in files if f.startswith(("chosen", "kept-"))}
        documents = [f for f in files if f.endswith(".json") and f not in choices]
        try:
            self.inode = path.stat().st_ino
            (name,) = documents
            document = json.loads((path / name).read_text())
            self.source = document["source"]["sha256"]
            expected = {name, "sheet.jpg", "uncertainty.png"} | {v["file"] for v in document["variants"]}
            if expected != {file for file in files if not file.startswith(".")} - choices:
                self.problems.append(f"{path}: holds {sorted(files)}, not {sorted(expected)}")
            if len(document["variants"]) != document["settings"]["samples"]:
                self.problems.append(f"{path}: {len(document['variants'])} variants")
            for variant in document["variants"]:
                found = sha256((path / variant["file"]).read_bytes())
                if found != variant["sha256"]:
                    self.problems.append(f"{path}/{variant['file']}: another hash")
                self.variants.append(found)
            for other in expected - {name}:
                if (path / other).stat().st_size < 100:
                    self.problems.append(f"{path}/{other}: hardly anything in it")
        except (ValueError, KeyError, OSError) as error:
            self.problems.append(f"{path}: {error!r} among {files}")


def undisturbed(program: Path, pictures: dict[str, bytes], **settings: object) -> dict[str, list[str]]:
    """The variants' hashes of photographs, by the photograph's, of a run with these settings that nothing disturbs."""
    spool = Spool(program, **settings)
    for name, data in pictures.items():
        spool.drop(name, data)
    spool.drain()
    truth = {result.source: result.variants for result in spool.results().values()}
    missing = [name for name, data in pictures.items() if sha256(data) not in truth]
    assert not missing, f"an undisturbed run did not do {missing}; see {spool.log}"
    spool.remove()
    return truth


def orphans(process: subprocess.Popen[bytes], seconds: float = 10) -> list[str]:
    """What a process that has ended left running of its own session for longer than some seconds."""
    end = time.monotonic() + seconds
    while True:
        left = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    # After the name, which may hold anything: state, parent, group, session.
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[3]) == process.pid and fields[0] != "Z":
                    left.append(f"process {entry.name} outlived {process.pid}")
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.01)


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGTERM, timeout: float = 120) -> int:
    if process.poll() is None:
        process.send_signal(how)
    return process.wait(timeout)
