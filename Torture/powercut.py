"""Cuts the power at random calls, as far as that can be done without a switch, and checks what the next start makes of it.

`python powercut.py [--cuts 200] [--seed 1]`: the program is killed right before one of its calls, and from the record of
its calls everything that was not synced by then is taken back: of the changes of names all after a random one, and of
the content of files whatever chance says. The next start must find nothing lost, half or twice.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, picture, png, undisturbed

EXCHANGE = 2


@dataclass
class Entry:
    """A change of names that is not on the disk until the folders it is in are synced."""

    kind: str
    path: str
    to: str = ""
    flags: int = 0
    folders: set[str] = field(default_factory=set)


class Disk:
    """What of a record of calls has reached the disk."""

    def __init__(self, folders: set[str]) -> None:
        # The record is of calls, not of their success: a folder is made once.
        self.folders = folders
        self.entries: list[Entry] = []
        self.ranges: dict[str, list[tuple[int, int]]] = {}
        self.lengths: dict[str, int] = {}
        self.violations: list[str] = []

    def enter(self, kind: str, path: str, to: str = "", flags: int = 0) -> None:
        folders = {os.path.dirname(p) for p in (path, to) if p}
        self.entries.append(Entry(kind, path, to, flags, folders))

    def apply(self, kind: str, size: int, path: str, other: str) -> None:
        if kind == "create":
            if size & os.O_TRUNC or path not in self.lengths:
                self.lengths[path] = 0
                self.ranges.setdefault(path, [])
                self.enter(kind, path)
        elif kind == "mkdir":
            if path not in self.folders:
                self.folders.add(path)
                self.enter(kind, path)
        elif kind == "write":
            start = int(other[1:]) if other else self.lengths.get(path, 0)
            self.ranges.setdefault(path, []).append((start, size))
            self.lengths[path] = max(self.lengths.get(path, 0), start + size)
        elif kind == "fsync":
            self.ranges.pop(path, None)
            for entry in self.entries:
                entry.folders.discard(path)
            self.entries = [entry for entry in self.entries if entry.folders]
        elif kind == "rename":
            self.publish(path, other)
            self.enter(kind, path, other, size)
            self.move(path, other, exchange=size == EXCHANGE)
        elif kind == "unlink":
            # Taken as on the disk at once: the worst for whatever should have come before.
            self.ranges.pop(path, None)
            self.folders.discard(path)
            self.entries = [e for e in self.entries if e.kind == "rename" or e.path != path]

    def publish(self, staging: str, result: str) -> None:
        """Everything in a result must be on the disk before it gets its name."""
        if "/outbox/." not in staging or "/outbox/." in result:
            return
        dirty = [p for p, r in self.ranges.items() if p.startswith(staging + "/") and r]
        names = [e.path for e in self.entries if e.path.startswith(staging + "/")]
        if dirty or names:
            self.violations.append(f"{result} is published before these are synced: {dirty + names}")

    def move(self, path: str, to: str, exchange: bool) -> None:
        def moved(p: str) -> str:
            for a, b in [(path, to), (to, path)] if exchange else [(path, to)]:
                if p == a or p.startswith(a + "/"):
                    return b + p[len(a) :]
            return p

        self.folders = {moved(p) for p in self.folders}
        self.ranges = {moved(p): r for p, r in self.ranges.items()}
        self.lengths = {moved(p): n for p, n in self.lengths.items()}
        for entry in self.entries[:-1]:
            entry.path = moved(entry.path)

    def cut(self, generator: random.Random) -> int:
        """Takes back what was not synced; the number of changes taken back."""
        count = 0
        for path, ranges in self.ranges.items():
            if not ranges or not os.path.isfile(path) or path.endswith("-shm") or generator.random() < 0.3:
                continue
            with open(path, "r+b") as file:
                for start, size in ranges:
                    end = os.path.getsize(path)
                    file.seek(start)
                    file.write(bytes(max(0, min(size, end - start))))
            count += 1
        kept = generator.randint(0, len(self.entries))
        for entry in reversed(self.entries[kept:]):
            count += self.undo(entry)
        return count

    @staticmethod
    def undo(entry: Entry) -> bool:
        path, to = Path(entry.path), Path(entry.to)
        if entry.kind == "rename" and entry.flags == EXCHANGE:
            if not (path.exists() and to.exists()):
                return False
            aside = to.with_name(".exchanging")
            to.rename(aside)
            path.rename(to)
            aside.rename(path)
        elif entry.kind == "rename":
            if path.exists() or not to.exists():
                return False
            path.parent.mkdir(parents=True, exist_ok=True)
            to.rename(path)
        elif entry.kind == "mkdir":
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file() and not path.name.startswith("ledger"):
            path.unlink()
        return True


def torture(program: Path, cuts: int, seed: int) -> tuple[int, int, Outcome]:
    """How many cuts hit a running program, how many changes they took back, and what was wrong afterwards."""
    generator = random.Random(seed)
    template = Spool(program, quiet_seconds=0, workers=1, threads=1, originals="archive")
    old = png(40, 30, seed)
    template.drop("old/c.png", old)
    template.run("watch", "--once")
    # What is there before the first call is on the disk, and the ledger is as a running daemon leaves it.
    pictures = {f"{folder}{n}{e}": d for n, folder in enumerate(["", "a/", "a/b/"]) for e, d in [picture(seed * 10 + n)]}
    pictures["old/c.png"] = png(40, 30, seed + 1)
    for name, data in pictures.items():
        template.drop(name, data)
    template.drop("bad.png", b"no photograph")
    truth = undisturbed(program, pictures)
    total, hits, taken = Outcome(), 0, 0
    spool = Spool(program, **template.settings)
    spool.configure(**{n: spool.root / n for n in ("inbox", "outbox", "state")})
    record = spool.root.parent / f"{spool.root.name}.calls"
    for number in range(cuts):
        shutil.rmtree(spool.root)
        shutil.copytree(template.root, spool.root)
        record.unlink(missing_ok=True)
        folders = {folder for folder, _, _ in os.walk(spool.root)}
        nth = generator.randint(1, 340)
        hits += spool.run("watch", "--once", call="any", nth=nth, errno=0, log=record) == -9
        disk = Disk(folders)
        lines = [line.split("\t") for line in record.read_text().splitlines()] if record.exists() else []
        for kind, size, path, other in lines[:-1]:
            disk.apply(kind, int(size), path, other)
        taken += disk.cut(generator)
        for shared in spool.state.glob("*-shm"):
            shared.unlink()
        spool.drain()
        outcome = spool.judge(pictures, {"bad.png"}, truth, [old])
        outcome.lost += spool.missing([old])
        outcome.other += disk.violations
        if outcome:
            print(f"cut {number} before call {nth}: {outcome}", flush=True)
            shutil.copytree(spool.root, f"{spool.root}-{number}", dirs_exist_ok=True)
        total.add(outcome)
    record.unlink(missing_ok=True)
    template.remove()
    spool.remove()
    return hits, taken, total


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--cuts", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    hits, taken, outcome = torture(args.program, args.cuts, args.seed)
    print(f"{hits} power cuts survived, {taken} changes that were not synced taken back (seed {args.seed}); {outcome}")
    finish(hits, outcome)


if __name__ == "__main__":
    main()
