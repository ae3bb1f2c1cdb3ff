"""Fills the disk under a daemon: the intake pauses and says so, nothing is blamed, and it goes on when there is room.

`python diskfull.py`: first as with a full quota, where all that takes room fails while the disk seems to have some; then
on a small tmpfs, where one can be mounted.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, picture, stop, wait

MEGABYTES = 140


def fill(path: Path) -> None:
    """Takes all the room there is."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


class Quota:
    """As if the user's share of the disk were used up: the injector refuses what takes room."""

    def __init__(self, root: Path) -> None:
        self.flag = root / "full"
        self.environment = {"full": self.flag}

    def fill(self) -> None:
        self.flag.touch()

    def free(self) -> None:
        self.flag.unlink()


class Tmpfs:
    """A small disk that is really full."""

    environment: dict[str, object] = {}

    def __init__(self, root: Path) -> None:
        self.ballast = root / "ballast"

    def fill(self) -> None:
        fill(self.ballast)

    def free(self) -> None:
        self.ballast.unlink()


def torture(program: Path, root: Path, rounds: int, disk: Quota | Tmpfs) -> Outcome:
    """Several fills at other moments, each over before the next."""
    spool = Spool(program, root / "spool", workers=1)
    good = {f"{n}{ending}": data for n, (ending, data) in enumerate(picture(n) for n in range(rounds * 4))}
    names = list(good)
    daemon = spool.start("watch", **disk.environment)
    wait(lambda: (spool.state / "status.json").exists(), "the daemon's start", pause=0.2)
    outcome = Outcome()

    def paused() -> object:
        return (spool.status().get("daemon") or {}).get("paused")

    try:
        for number in range(rounds):
            for name in names[number * 4 : number * 4 + 3]:
                spool.drop(name, good[name])
            time.sleep(0.3 * number)
            disk.fill()
            name = names[number * 4 + 3]
            try:
                spool.drop(name, good[name])
            except OSError:
                disk.free()
                spool.drop(name, good[name])
                disk.fill()
            wait(lambda: paused() or len(spool.results()) == 4 * number + 4, "a pause", pause=0.2)
            print(f"round {number + 1}: full, {len(spool.results())} results; paused: {paused()}", flush=True)
            outcome.half += [problem for result in spool.results().values() for problem in result.problems]
            outcome.other += [f"{name} was blamed: {reason}" for name, reason in spool.reasons().items()]
            disk.free()
            wait(lambda: len(spool.results()) == 4 * number + 4, "the rest, once there is room", pause=0.2)
        stop(daemon)
    finally:
        daemon.kill()
        daemon.wait()
    if daemon.returncode != 0:
        outcome.other.append(f"the daemon ended with {daemon.returncode}")
    if "there is room again" not in spool.log.read_text():
        outcome.other.append("it never paused")
    outcome.add(spool.judge(good, set()))
    if outcome:
        print(spool.log.read_text())
    spool.remove()
    return outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--rounds", type=int, default=4)
    args = p.parse_args()
    root = Path(tempfile.mkdtemp(prefix="autochrome-full-")).resolve()
    outcome = torture(args.program, root, args.rounds, Quota(root))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", root]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            outcome.add(torture(args.program, root, args.rounds, Tmpfs(root)))
        finally:
            subprocess.run(["umount", "-l", root], check=False)
    else:
        print("no tmpfs can be mounted here: only the quota was tried")
    shutil.rmtree(root)
    print(f"{args.rounds} times full and empty again; {outcome}")
    finish(args.rounds, outcome)


if __name__ == "__main__":
    main()
