"""Kills the daemon at random instants while files arrive, starts it again, and checks every file at the end.

`python kills.py [--kills 2000] [--seed 1] [--plain]`: half of the kills come after a random time, the other half right
before a random one of the calls by which the program changes files. `--plain` makes the file system one whose renames
know no rules, as NFS.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, orphans, picture, sha256, stop, undisturbed

ENDINGS = ["", "album/", "album/deep/", "other/"]


class Arrivals:
    """Files that come into an inbox bit by bit: renamed in, written slowly, replaced, of one stem, bad ones."""

    def __init__(self, spool: Spool, generator: random.Random, pool: list[tuple[str, bytes]]) -> None:
        self.spool = spool
        self.random = generator
        self.pool = pool
        self.good: dict[str, bytes] = {}
        self.bad: set[str] = set()
        self.growing: dict[str, tuple[bytes, int]] = {}
        self.count = 0
        self.fresh = 1

    def step(self) -> None:
        """One thing happens in the inbox."""
        for name in list(self.growing):
            self.grow(name)
        self.count += 1
        choice = self.random.random()
        folder = self.random.choice(ENDINGS)
        # Mostly one that was not there before.
        if self.random.random() < 0.75:
            self.fresh = min(self.fresh + 1, len(self.pool))
        ending, data = self.pool[self.fresh - 1 if self.random.random() < 0.8 else self.random.randrange(self.fresh)]
        if choice < 0.15:
            name = f"{folder}bad {self.count}{ending}"
            self.spool.drop(name, b"not a photograph at all " + str(self.count).encode())
            self.bad.add(name)
        elif choice < 0.35:
            # Another file of a stem that is there, which may even be the same picture.
            name = f"{folder}{self.random.choice(['twin', 'double'])}{self.random.choice(['.png', '.tif', '.jpeg'])}"
            if name not in self.good:
                self.spool.drop(name, data)
                self.good[name] = data
        elif choice < 0.6:
            name = f"{folder}slow {self.count}{ending}"
            self.growing[name] = (data, 0)
            self.grow(name)
        else:
            name = f"{folder}{self.count}{ending}"
            self.spool.drop(name, data)
            self.good[name] = data

    def grow(self, name: str) -> None:
        data, done = self.growing[name]
        path = self.spool.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Three pieces: a picture that lacks its last two bytes alone is a picture all the same.
        more = (len(data) + 2) // 3
        with open(path, "ab") as file:
            file.write(data[done : done + more])
        self.growing[name] = (data, done + more)
        if done + more >= len(data):
            del self.growing[name]
            self.good[name] = data

    def finish(self) -> None:
        while self.growing:
            for name in list(self.growing):
                self.grow(name)


def torture(
    program: Path, kills: int, seed: int, originals: str = "keep", plain: bool = False
) -> tuple[int, Arrivals, Outcome]:
    """The kills that hit, what was put in, and what is wrong at the end."""
    generator = random.Random(seed)
    pool = [picture(seed * 100_000 + n) for n in range(kills + 20)]
    spool = Spool(program, originals=originals)
    disk = {"plain": 1} if plain else {}
    arrivals = Arrivals(spool, generator, pool)
    known: dict[tuple[str, str], int] = {}
    disturbed = Outcome()
    hits = 0
    longest = 0.0
    for number in range(kills):
        if number % 50 == 0:
            # Without a rest now and then the runs would be too short for all that waits. A run goes on for twice what
            # it takes to start and do one photograph at the most.
            arrivals.finish()
            spool.drain()
            arrivals.step()
            arrivals.finish()
            began = time.monotonic()
            spool.run("watch", "--once")
            longest = 2 * (time.monotonic() - began)
        for _ in range(generator.choice([0, 1, 1, 2, 3])):
            arrivals.step()
        if generator.random() < 0.05:
            spool.run("retry")
        if generator.random() < 0.5:
            # The start alone makes some sixty such calls.
            process = spool.start("watch", call="any", nth=generator.randint(1, 160), errno=0, **disk)
        else:
            process = spool.start("watch", **disk)
        end = time.monotonic() + generator.uniform(0.02, longest)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
            if generator.random() < 0.01:
                arrivals.step()
        hits += process.poll() in (None, -9)
        if process.poll() not in (None, -9):
            disturbed.other.append(f"kill {number}: the daemon ended by itself with {process.poll()}")
        stop(process, 9)
        disturbed.other += [f"kill {number}: {line}" for line in orphans(process)]
        if number % 10 == 9 or number == kills - 1:
            spool.look(known, disturbed, f"after kill {number}: ")
        if number % 100 == 99:
            print(f"{number + 1} kills, {len(arrivals.good)} photographs, {len(known)} results", flush=True)
    arrivals.finish()
    spool.drain()
    spool.look(known, disturbed, "at the end: ")
    truth = undisturbed(program, arrivals.good)
    outcome = spool.judge(arrivals.good, arrivals.bad, truth)
    outcome.add(disturbed)
    if not outcome:
        spool.remove()
    else:
        print(f"see {spool.root} and {spool.log}")
    return hits, arrivals, outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--kills", type=int, default=2000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--originals", default="keep", choices=["keep", "archive", "delete"])
    p.add_argument("--plain", action="store_true")
    args = p.parse_args()
    hits, arrivals, outcome = torture(args.program, args.kills, args.seed, args.originals, args.plain)
    distinct = len({sha256(data) for data in arrivals.good.values()})
    print(f"{hits} kills survived; {len(arrivals.good)} photographs, {distinct} of them different, and")
    print(f"{len(arrivals.bad)} bad files put in (seed {args.seed}); {outcome}")
    finish(hits, outcome)


if __name__ == "__main__":
    main()
