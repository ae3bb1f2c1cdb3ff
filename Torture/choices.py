"""Kills what makes results again, and what chooses, at random instants; a choice is there whole or not at all, and stays.

`python choices.py [--kills 500] [--seed 1] [--plain]`: photographs are coloured and a variant of each is chosen. Then
`choose`, `reroll`, `reprocess` and `watch` with other settings run again and again, one by one or beside a `choose` that
nobody kills. Half of the kills come after a random time, the other half right before a random one of the calls by which the
program changes files. `--plain` makes the file system one whose renames know no rules, as NFS.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, orphans, sha256, stop, tiff

PHOTOGRAPHS = 5


class Choices:
    """A spool whose results have choices, each known by the content of its picture."""

    def __init__(self, program: Path, seed: int, plain: bool) -> None:
        self.random = random.Random(seed)
        self.spool = Spool(program, samples=3, candidates=3)
        self.disk = {"plain": 1} if plain else {}
        self.outcome = Outcome()
        self.good: dict[str, bytes] = {}
        for number in range(PHOTOGRAPHS):
            name = f"{self.random.choice(['', 'album/'])}{number}.tif"
            self.good[name] = tiff(24, 18, seed * 1000 + number)
            self.spool.drop(name, self.good[name])
        self.spool.drain()
        self.results = sorted(self.spool.results())
        assert len(self.results) == PHOTOGRAPHS, f"{self.results}; see {self.spool.log}"
        # What each result's choice may be: the last that was made for sure, and those of killed processes.
        self.wanted: dict[str, set[str | None]] = {result: {None} for result in self.results}
        for result in self.results:
            self.choose(result)

    def command(self, *arguments: str, nth: int | None = None) -> subprocess.Popen[bytes]:
        """Starts a command, which is killed before its nth change where one is given."""
        fault = {} if nth is None else {"call": "any", "nth": nth, "errno": 0}
        return self.spool.start(*arguments, **self.disk, **fault)

    def variants(self, result: str) -> list[str]:
        """The hashes of a result's variants."""
        folder = self.spool.outbox / result
        document = json.loads((folder / f"{folder.name}.json").read_text())
        return [variant["sha256"] for variant in document["variants"]]

    def chosen(self, result: str) -> str | None:
        """The content of the picture that is chosen, after a look at the document and the picture."""
        folder = self.spool.outbox / result
        try:
            choice = json.loads((folder / "chosen.json").read_text())
        except FileNotFoundError:
            return None
        found = sha256((folder / choice["file"]).read_bytes())
        assert found == choice["sha256"], f"{folder}: {choice['file']} is not what was chosen"
        if "variant" in choice:
            assert self.variants(result)[choice["variant"] - 1] == found, f"{folder}: another variant"
        return found

    def give_back(self, result: str) -> None:
        """A start, where a kill between two renames took the result."""
        if not (self.spool.outbox / result).is_dir():
            self.spool.run("watch", "--once")

    def choose(self, result: str) -> None:
        """Chooses a variant, undisturbed."""
        self.give_back(result)
        number = self.random.randrange(3)
        wanted = self.variants(result)[number]
        process = self.command("choose", str(self.spool.outbox / result), "--variant", str(number + 1))
        if process.wait(120) != 0:
            self.outcome.other.append(f"{result}: choose ended with {process.returncode}")
        self.wanted[result] = {wanted}

    def choose_meanwhile(self, result: str) -> None:
        """Chooses while the result may be replaced: which variant has the number is not known, but it stays chosen."""
        process = self.command("choose", str(self.spool.outbox / result), "--variant", "1")
        if process.wait(120) != 0:
            self.outcome.other.append(f"{result}: choose ended with {process.returncode}")
        self.wanted[result] = {self.chosen_somehow(result)}

    def chosen_somehow(self, result: str) -> str | None:
        """The chosen picture's hash by the document alone, as the result may be exchanged between two looks at it."""
        while True:
            try:
                return json.loads((self.spool.outbox / result / "chosen.json").read_text()).get("sha256")
            except (FileNotFoundError, ValueError):
                # Where names cannot be exchanged there is a moment without a result.
                time.sleep(0.001)

    def kill(self, number: int) -> bool:
        """One command is killed; whether it was in the middle of something."""
        result = self.random.choice(self.results)
        self.give_back(result)
        place = str(self.spool.outbox / result)
        setting = ["--quality", str(self.random.randint(1, 100))]
        match self.random.randrange(5):
            case 0:
                variant = self.random.randrange(3)
                self.wanted[result].add(self.variants(result)[variant])
                command = ["choose", place, "--variant", str(variant + 1)]
            case 1:
                command = ["reroll", place, "--keep", str(self.random.randint(2, 3))]
            case 2:
                command = ["reprocess", place, "--force"]
            case 3:
                command = ["reprocess", str(self.spool.outbox), *setting]
            case _:
                name = self.random.choice(sorted(self.good))
                self.spool.drop(f"{name}.autochrome.yaml", f"quality: {setting[1]}\n".encode())
                command = ["watch", "--once"]
        # A start alone makes few such calls; a choice makes four, and some more to tell the journal.
        last = 30 if command[0] == "choose" else 120
        nth = self.random.randint(1, last) if self.random.random() < 0.5 else None
        process = self.command(*command, nth=nth)
        end = time.monotonic() + self.random.uniform(0, 0.1 if command[0] == "choose" else 1.5)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
            # What dies between two renames on a plain disk gives nothing back, and a choice would wait for that in vain.
            calm = nth is None or not self.disk
            if calm and command[0] not in ("choose", "reroll") and self.random.random() < 0.02:
                self.choose_meanwhile(self.random.choice(self.results))
        hit = process.poll() in (None, -9)
        stop(process, 9)
        self.outcome.other += [f"kill {number}: {line}" for line in orphans(process)]
        return hit

    def look(self, number: int) -> None:
        """Every choice is whole, and one of those that it may be."""
        for result in self.results:
            if not (self.spool.outbox / result).is_dir() and self.disk:
                # Where names cannot be exchanged, the next start gives a result back.
                continue
            try:
                found = self.chosen(result)
            except (AssertionError, ValueError, KeyError, OSError) as error:
                self.outcome.half.append(f"after kill {number}: {result}: {error!r}")
                continue
            if found not in self.wanted[result]:
                self.outcome.lost.append(f"after kill {number}: {result}: {found} is chosen")
            self.wanted[result] = {found}

    def run(self, kills: int) -> int:
        hits = 0
        for number in range(kills):
            hits += self.kill(number)
            self.look(number)
            if self.outcome:
                break
            if number % 20 == 19:
                self.spool.run("retry")
                self.choose(self.random.choice(self.results))
        self.spool.drain()
        self.spool.run("reprocess", str(self.spool.outbox))
        self.look(kills)
        for result in self.spool.results().values():
            self.outcome.half += result.problems
        self.outcome.other += self.spool.leftovers()
        return hits


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--kills", type=int, default=500)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--plain", action="store_true")
    args = p.parse_args()
    choices = Choices(args.program, args.seed, args.plain)
    hits = choices.run(args.kills)
    print(f"{hits} kills survived; {PHOTOGRAPHS} results with choices (seed {args.seed}); {choices.outcome}")
    if choices.outcome:
        print(f"see {choices.spool.root} and {choices.spool.log}")
    else:
        choices.spool.remove()
    finish(hits, choices.outcome)


if __name__ == "__main__":
    main()
