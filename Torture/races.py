"""Changes the inbox under the daemon's hands, and aims links at files that are none of its business.

`python races.py [--seconds 60] [--seed 1]`: photographs are replaced, renamed, cut off, deleted and linked; folders are
moved in, moved out, deleted, and put back as links to folders outside, in the inbox and in the outbox; the clock jumps by
years. A record of the daemon's calls shows that it opened and changed nothing outside its folders.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, png, sha256, stop

FOLDERS = ["", "a", "a/b", "c"]


class Vandal:
    """Does one thing after another to an inbox, and knows what it ever put there."""

    def __init__(self, spool: Spool, outside: Path, generator: random.Random) -> None:
        self.spool = spool
        self.outside = outside
        self.random = generator
        self.count = 0
        self.made: set[str] = set()
        self.clock = spool.root.parent / f"{spool.root.name}.clock"
        self.deeds: list[Callable[[], None]] = [
            self.drop, self.drop, self.drop, self.replace, self.rename, self.cut_off, self.delete, self.append,
            self.link, self.hard_link, self.fold, self.folder_in, self.folder_out, self.folder_away, self.swap_folder,
            self.swap_result, self.sidecar, self.jump,
        ]  # fmt: skip

    def act(self) -> None:
        deed = self.random.choice(self.deeds)
        try:
            deed()
        except OSError:
            # What it wanted to spoil is gone already.
            pass

    def picture(self) -> bytes:
        self.count += 1
        data = png(24, 18, self.count)
        self.made.add(sha256(data))
        return data

    def somewhere(self) -> Path:
        folder = self.spool.inbox / self.random.choice(FOLDERS)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def some(self) -> Path:
        files = [p for p in self.spool.inbox.rglob("*.png") if p.is_file() and not p.is_symlink()]
        if not files:
            raise FileNotFoundError
        return self.random.choice(files)

    def aside(self) -> Path:
        self.count += 1
        return self.spool.root / f"aside {self.count}"

    def drop(self) -> None:
        aside, data = self.aside(), self.picture()
        aside.write_bytes(data)
        aside.rename(self.somewhere() / f"{self.random.randrange(30)}.png")

    def replace(self) -> None:
        self.some().write_bytes(self.picture())

    def rename(self) -> None:
        self.some().rename(self.somewhere() / f"{self.random.randrange(30)}.png")

    def cut_off(self) -> None:
        path = self.some()
        os.truncate(path, path.stat().st_size // 2)

    def delete(self) -> None:
        self.some().unlink()

    def append(self) -> None:
        with open(self.some(), "ab") as file:
            file.write(b"more")

    def link(self) -> None:
        """A photograph becomes a link to one outside in one step."""
        aside = self.aside()
        aside.symlink_to(self.outside / "secret.png")
        aside.rename(self.some())

    def hard_link(self) -> None:
        os.link(self.some(), self.somewhere() / f"hard {self.random.randrange(9)}.png")

    def fold(self) -> None:
        path = self.some()
        path.unlink()
        path.mkdir()

    def folder_in(self) -> None:
        aside = self.aside()
        (aside / "deep").mkdir(parents=True)
        (aside / "deep/in.png").write_bytes(self.picture())
        aside.rename(self.spool.inbox / f"moved {self.random.randrange(9)}")

    def folder_out(self) -> None:
        (self.spool.inbox / self.random.choice(FOLDERS[1:])).rename(self.aside())

    def folder_away(self) -> None:
        shutil.rmtree(self.spool.inbox / self.random.choice(FOLDERS[1:]))

    def swap_folder(self) -> None:
        """A folder of the inbox becomes a link to one outside for a moment."""
        folder, aside = self.spool.inbox / "a", self.aside()
        folder.rename(aside)
        folder.symlink_to(self.outside)
        time.sleep(self.random.random() * 0.1)
        folder.unlink()
        aside.rename(folder)

    def swap_result(self) -> None:
        """A folder of the outbox becomes a link to one outside for a moment."""
        folder, aside = self.spool.outbox / "a", self.aside()
        folder.rename(aside)
        folder.symlink_to(self.outside)
        time.sleep(self.random.random() * 0.1)
        folder.unlink()
        aside.rename(folder)

    def sidecar(self) -> None:
        aside = self.aside()
        if self.random.random() < 0.5:
            aside.symlink_to(self.outside / ".autochrome.yaml")
        else:
            aside.write_text("seed: 7\n")
        aside.rename(self.somewhere() / ".autochrome.yaml")

    def jump(self) -> None:
        """The clock, by up to ten years."""
        self.clock.write_text(str(self.random.randint(-300_000_000, 300_000_000)))


def torture(program: Path, seconds: float, seed: int) -> tuple[int, Outcome]:
    """The number of deeds, and what was wrong at the end."""
    spool = Spool(program, quiet_seconds=0.1, poll_seconds=1, rescan_seconds=2)
    outside = spool.root.parent / f"{spool.root.name}-outside"
    outside.mkdir()
    secret = png(24, 18, 10_000_000)
    for name in ("secret.png", "1.png", "2.png"):
        (outside / name).write_bytes(secret)
    (outside / ".autochrome.yaml").write_text("samples: 3\n")
    before = {p.name: p.read_bytes() for p in outside.iterdir()}
    vandal = Vandal(spool, outside, random.Random(seed))
    vandal.clock.write_text("0")
    record = spool.root.parent / f"{spool.root.name}.outside"
    daemon = spool.start("watch", outside=record, secret=outside, clock=vandal.clock)
    end = time.monotonic() + seconds
    deeds = 0
    outcome = Outcome()
    while time.monotonic() < end:
        vandal.act()
        deeds += 1
        time.sleep(vandal.random.random() * 0.1)
        if daemon.poll() is not None:
            outcome.other.append(f"the daemon ended with {daemon.returncode} after {deeds} deeds")
            break
    vandal.clock.write_text("0")
    if daemon.poll() is None and stop(daemon) != 0:
        outcome.other.append(f"the daemon ended with {daemon.returncode}")
    spool.drain()

    results = spool.results()
    outcome.half += [problem for result in results.values() for problem in result.problems]
    sources = {result.source for result in results.values()}
    reasons = spool.reasons()
    for name, job in spool.jobs().items():
        if job["state"] in ("received", "claimed", "waiting"):
            outcome.other.append(f"{name}: still {job['state']}: {job}")
    for path in spool.inbox.rglob("*.png"):
        name = str(path.relative_to(spool.inbox))
        if path.is_file() and not path.is_symlink() and sha256(path.read_bytes()) not in sources and name not in reasons:
            outcome.lost.append(f"{name}: neither done nor failed")
    outcome.other += [f"{name}: failed without a reason" for name, reason in reasons.items() if not reason]
    if sha256(secret) in sources or any(len(result.variants) == 3 for result in results.values()):
        outcome.other.append("something outside the inbox was read")
    if {p.name: p.read_bytes() for p in outside.iterdir()} != before:
        outcome.other.append("something outside was changed")
    allowed = (str(spool.root), str(spool.log))
    if record.exists():
        lines = {line for line in record.read_text().splitlines() if not any(a in line.split(" ", 1)[1] for a in allowed)}
        lines |= {line for line in record.read_text().splitlines() if str(outside) in line}
        outcome.other += [f"outside: {line}" for line in sorted(lines)[:20]]
    if not outcome:
        spool.remove()
        shutil.rmtree(outside)
        for file in (record, vandal.clock):
            file.unlink(missing_ok=True)
    return deeds, outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--seconds", type=float, default=60)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    deeds, outcome = torture(args.program, args.seconds, args.seed)
    print(f"{deeds} deeds in {args.seconds:.0f} s (seed {args.seed}); {outcome}")
    finish(deeds, outcome)


if __name__ == "__main__":
    main()
