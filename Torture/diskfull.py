"""Fills the disk under a daemon: the intake pauses and says so, nothing is blamed, and it goes on when there is room.

`python diskfull.py`: on a small tmpfs, where one can be mounted; says so and ends with 77 where not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, picture, stop

MEGABYTES = 140


def wait(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.2)


def fill(path: Path) -> None:
    """Takes all the room there is."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def torture(program: Path, root: Path, rounds: int) -> Outcome:
    """Several fills at other moments, each over before the next."""
    spool = Spool(program, root / "spool", workers=1)
    good = {f"{n}{ending}": data for n, (ending, data) in enumerate(picture(n) for n in range(rounds * 4))}
    names = list(good)
    daemon = spool.start("watch")
    wait(lambda: (spool.state / "status.json").exists(), "the daemon's start")
    outcome = Outcome()
    for number in range(rounds):
        for name in names[number * 4 : number * 4 + 3]:
            spool.drop(name, good[name])
        time.sleep(0.3 * number)
        fill(root / "ballast")
        try:
            spool.drop(names[number * 4 + 3], good[names[number * 4 + 3]])
        except OSError:
            (root / "ballast").write_bytes(b"")
            spool.drop(names[number * 4 + 3], good[names[number * 4 + 3]])
            fill(root / "ballast")
        wait(lambda: (spool.status().get("daemon") or {}).get("paused") or len(spool.results()) == 4 * number + 4, "a pause")
        paused = (spool.status().get("daemon") or {}).get("paused")
        print(f"round {number + 1}: full, {len(spool.results())} results; paused: {paused}", flush=True)
        outcome.half += [problem for result in spool.results().values() for problem in result.problems]
        outcome.other += [f"{name} was blamed: {reason}" for name, reason in spool.reasons().items()]
        (root / "ballast").unlink()
        wait(lambda: len(spool.results()) == 4 * number + 4, "the rest, once there is room")
    stop(daemon)
    found = spool.judge(good, set())
    outcome.lost += found.lost
    outcome.half += found.half
    outcome.twice += found.twice
    outcome.other += found.other
    return outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--rounds", type=int, default=4)
    args = p.parse_args()
    root = Path(tempfile.mkdtemp(prefix="autochrome-full-")).resolve()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", root]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        root.rmdir()
        print("no tmpfs can be mounted here: not tried")
        sys.exit(77)
    try:
        outcome = torture(args.program, root, args.rounds)
    finally:
        subprocess.run(["umount", "-l", root], check=False)
        root.rmdir()
    print(f"{args.rounds} times full and empty again; {outcome}")
    sys.exit(1 if outcome else 0)


if __name__ == "__main__":
    main()
