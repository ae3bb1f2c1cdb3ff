"""Makes every system call of the pipeline fail once, each with the errors it may give, and checks what comes of it.

`python faults.py [--every 1] [--seed 1] [--call write]`: for each kind of call and each error the first call fails in the
first run, the second in the second, until some runs end without the fault. `--every K` takes one call in K, by the seed.
No photograph may be blamed for any of them: none is the photograph's fault.
"""

from __future__ import annotations

import argparse
import errno
import random
import shutil
import sqlite3
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, picture, png, sha256

HALF = -1
"""Not an error number: half of a write succeeds."""

FAULTS = {
    "open": [errno.EMFILE, errno.EACCES, errno.EIO],
    "create": [errno.ENOSPC, errno.EMFILE, errno.EACCES, errno.EIO],
    "read": [errno.EIO],
    "write": [errno.ENOSPC, errno.EIO, HALF],
    "fsync": [errno.ENOSPC, errno.EIO],
    "ftruncate": [errno.ENOSPC, errno.EIO],
    "rename": [errno.ENOSPC, errno.EACCES, errno.EIO],
    "link": [errno.ENOSPC, errno.EACCES],
    "mkdir": [errno.ENOSPC, errno.EACCES, errno.EIO],
    "unlink": [errno.EACCES, errno.EIO],
    "close": [errno.EIO],
}


class Trial:
    """A spool with one of everything to do: new, in a folder, seen before, replaced and hopeless."""

    def __init__(self, program: Path) -> None:
        self.template = Spool(program, quiet_seconds=0, workers=1, threads=1, originals="archive")
        self.earlier = png(30, 20, 1)
        self.template.drop("old/c.png", self.earlier)
        self.template.run("watch", "--once")
        pictures = [picture(n) for n in range(3)]
        same = pictures[0][1]
        self.good = {f"a{pictures[0][0]}": same, f"sub/b{pictures[1][0]}": pictures[1][1], "copy.png": same}
        self.good |= {"old/c.png": png(30, 20, 2)}
        self.bad = {"bad.png": b"not a photograph"}
        for name, data in (self.good | self.bad).items():
            self.template.drop(name, data)
        self.originals = [*self.good.values(), *self.bad.values(), self.earlier]
        self.spool = Spool(program, **self.template.settings)
        self.spool.configure(**{n: self.spool.root / n for n in ("inbox", "outbox", "state")})

    def remove(self) -> None:
        self.template.remove()
        self.spool.remove()

    def run(self, call: str, nth: int, error: int) -> tuple[str | None, Outcome]:
        """What the fault hit, None where it did not, and what is wrong after it."""
        spool = self.spool
        shutil.rmtree(spool.root)
        shutil.copytree(self.template.root, spool.root)
        spool.log.unlink(missing_ok=True)
        marker = spool.root.parent / f"{spool.root.name}.fired"
        marker.unlink(missing_ok=True)
        code = spool.run("watch", "--once", call=call, nth=nth, errno=error, fired=marker)
        hit = marker.read_text().replace(str(spool.root), "") if marker.exists() else None
        marker.unlink(missing_ok=True)
        outcome = Outcome()
        if code not in (0, 1, 2):
            outcome.other.append(f"ended with {code}")
        results = spool.results()
        outcome.half += [problem for result in results.values() for problem in result.problems]
        outcome.lost += spool.missing(self.originals)
        contents = {result.source for result in results.values()}
        try:
            for name, job in spool.jobs().items():
                if job["state"] == "published" and job["content"].hex() not in contents:
                    outcome.other.append(f"{name}: published, says the ledger, and is not")
        except (AssertionError, sqlite3.Error) as problem:
            outcome.other.append(f"ledger: {problem}")
        undone = [name for name, data in self.good.items() if sha256(data) not in contents]
        if code == 0 and undone:
            outcome.other.append(f"ended with 0 without {undone}")
        outcome.other += [f"{name} was blamed: {reason}" for name, reason in spool.reasons().items() if name in self.good]
        spool.run("watch", "--once")
        outcome.add(spool.judge(self.good, set(self.bad), earlier=[self.earlier]), "afterwards: ")
        outcome.lost += spool.missing(self.originals)
        return hit, outcome


def name(error: int) -> str:
    return "half a write" if error == HALF else errno.errorcode[error]


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--call", nargs="*", default=list(FAULTS))
    p.add_argument("--nth", type=int, help="this one alone")
    p.add_argument("--error", help="this one alone, as ENOSPC")
    args = p.parse_args()
    generator = random.Random(args.seed)
    trial = Trial(args.program)
    count, wrong, total = 0, 0, Outcome()
    for call in args.call:
        for error in FAULTS[call]:
            if args.error and args.error != name(error):
                continue
            fired, misses = 0, 0
            nth = args.nth or generator.randint(1, args.every)
            while True:
                hit, outcome = trial.run(call, nth, error)
                fired += hit is not None
                # Runs differ by a few calls: the first that is out of reach is not the end.
                misses = misses + 1 if hit is None else 0
                if misses == (3 if args.every == 1 else 1):
                    break
                if outcome:
                    wrong += 1
                    total.add(outcome)
                    print(f"{call} {nth} {name(error)}: {(hit or 'no fault').strip()}: {outcome}", flush=True)
                    if args.nth:
                        print(trial.spool.log.read_text())
                if args.nth:
                    break
                nth += args.every if args.every == 1 else generator.randint(1, 2 * args.every - 1)
            count += fired
            print(f"{call:10} {name(error):12} {fired:4} faults", flush=True)
    trial.remove()
    print(f"{count} faults, {wrong} with something wrong after them")
    finish(count, total)


if __name__ == "__main__":
    main()
