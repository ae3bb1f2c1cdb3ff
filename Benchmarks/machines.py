"""Figures of a coordinator and workers on this machine, with a real Redis.

`python machines.py PROGRAM [--photographs 60] [--bulk 100000] [--samples 8] [--model FILE]`: how many photographs one and two workers of one thread each
do in a second; how much processor time the coordinator, and a worker beyond `colorize`, take for one; and how long a
photograph takes that is dropped while a bulk waits, against one that is dropped while nothing does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Torture"))
from spool import MODEL, Spool, png, stop  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def processor(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor that a process and its ended children have used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


class Machines:
    """A coordinator that does no work itself, and a Redis behind a UNIX socket."""

    def __init__(self, program: Path, **settings: object) -> None:
        self.program = program
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"unix://{self.folder.name}/redis"
        words = ["--port", "0", "--unixsocket", self.folder.name + "/redis", "--dir", self.folder.name]
        self.redis = subprocess.Popen(["redis-server", *words, "--appendonly", "yes", "--save", ""],
                                      stdout=subprocess.DEVNULL)  # fmt: skip
        self.spool = Spool(program, queue=self.url, queue_works="false", quiet_seconds=0, log_level="warning",
                           sheet="true", **settings)  # fmt: skip
        self.workers: list[subprocess.Popen[bytes]] = []
        self.coordinator = self.spool.start("watch")
        while not (self.spool.inbox / ".autochrome.id").exists():
            time.sleep(0.05)

    def work(self) -> subprocess.Popen[bytes]:
        model = ["--model", str(self.spool.settings["model"])]
        folders = ["--inbox", str(self.spool.inbox), "--outbox", str(self.spool.outbox), "--threads", "1", *model]
        command = [str(self.program), "work", "--queue", self.url, *folders]
        with open(self.spool.log, "ab") as log:
            self.workers.append(subprocess.Popen(command, stdout=log, stderr=log))
        return self.workers[-1]

    def wait(self, names: list[str]) -> float:
        """The time at which the last result is there."""
        left = [self.spool.outbox / name for name in names]
        while left:
            left = [place for place in left if not place.exists()]
            time.sleep(0.002)
        return time.monotonic()

    def close(self) -> None:
        for process in [*self.workers, self.coordinator]:
            stop(process)
        self.redis.kill()
        self.redis.wait()
        self.spool.remove()
        self.folder.cleanup()


# Whatever follows a picture makes it another one.
PICTURE = png(640, 480, 7)


def drop(machines: Machines, count: int, start: int) -> list[str]:
    names = [f"{start + n}" for n in range(count)]
    for name in names:
        machines.spool.drop(f"{name}.png", PICTURE + name.encode())
    return names


def throughput(program: Path, photographs: int, **settings: object) -> None:
    machines = Machines(program, **settings)
    try:
        rates = []
        for count in (1, 2):
            machines.work()
            # One after another, the worker before the clock: it loads its model meanwhile.
            machines.wait(drop(machines, 4 * count, 1000 * count))
            names = drop(machines, photographs, 10_000 * count)
            began = time.monotonic()
            before = processor(machines.coordinator), [processor(w) for w in machines.workers]
            rates.append(photographs / (machines.wait(names) - began))
            own = (processor(machines.coordinator) - before[0]) / photographs
            theirs = sum(processor(w) - b for w, b in zip(machines.workers, before[1])) / photographs
            print(f"{count} workers: {rates[-1]:.2f} photographs/s; processor for one: coordinator {1e3 * own:.1f} ms, "
                  f"worker {1e3 * theirs:.0f} ms", flush=True)  # fmt: skip
        print(f"2 workers do {rates[1] / rates[0]:.2f} times as much as 1")
    finally:
        machines.close()


def live(program: Path, bulk: int, **settings: object) -> None:
    machines = Machines(program, **settings)
    try:
        machines.work()
        machines.wait(drop(machines, 3, 1))

        def times(start: int) -> list[float]:
            found = []
            for n in range(8):
                began = time.monotonic()
                found.append(machines.wait(drop(machines, 1, start + n)) - began)
            return found

        alone = times(100)
        stop(machines.coordinator)
        for n in range(bulk):
            folder = machines.spool.inbox / f"bulk/{n // 1000}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{n}.png").write_bytes(PICTURE + f"bulk {n}".encode())
        machines.coordinator = machines.spool.start("watch")
        while machines.spool.status().get("counts", {}).get("received", 0) < 0.99 * bulk:
            time.sleep(1)
        time.sleep(5)
        behind = times(200)
        print(f"a photograph alone: {statistics.median(alone):.2f} s; with {bulk} waiting: median "
              f"{statistics.median(behind):.2f}, longest {max(behind):.2f} s")  # fmt: skip
    finally:
        machines.close()


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program", type=Path)
    p.add_argument("--photographs", type=int, default=60)
    p.add_argument("--bulk", type=int, default=100_000)
    p.add_argument("--samples", type=int, default=8)
    p.add_argument("--model", type=Path, default=MODEL)
    args = p.parse_args()
    settings = {"samples": args.samples, "model": args.model.resolve()}
    throughput(args.program.resolve(), args.photographs, **settings)
    if args.bulk:
        live(args.program.resolve(), args.bulk, **settings)


if __name__ == "__main__":
    main()
