"""Kills the daemon and a hook at random instants, with a hook whose command fails, hangs, forks or prints a gigabyte.

`python events.py [--kills 1000] [--seed 1]`: at the end every photograph has its result, and every event of the journal
was delivered at least once, those of one photograph in order.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from kills import Arrivals
from spool import PROGRAM, Outcome, Spool, finish, picture, stop, undisturbed

# What is run for each event. It writes the event down first of all, and misbehaves at the first two tries of some,
# until the kills are over.
HOOK = '''
import json, os, random, subprocess, sys, time
line = sys.stdin.readline()
event = json.loads(line)
log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(log, line.encode())
tries = open({log!r}).read().count('"cursor":"' + event["cursor"] + '"')
how = random.Random(event["cursor"]).random() if tries <= 2 and not os.path.exists({calm!r}) else 1
if how < 0.1:
    sys.exit(3)
elif how < 0.15:
    time.sleep(1000)
elif how < 0.2:
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"])
elif how < 0.22:
    subprocess.run("head -c 1000000000 /dev/zero | tr '\\\\0' y", shell=True)
elif how < 0.25:
    os.kill(os.getpid(), 9)
'''


class Hook:
    """A hook that follows the journal, and what it was told."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.log = spool.root / "told.jsonl"
        self.calm = spool.root / "calm"
        script = spool.root / "hook.py"
        script.write_text(HOOK.format(log=str(self.log), calm=str(self.calm)))
        # The mark tells the processes of this hook from all others.
        self.mark = f"TORTURE_HOOK={spool.root}"
        self.command = f"{self.mark} exec {sys.executable} -S -E {script}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, timeout: float = 1) -> subprocess.Popen[bytes]:
        common = ["--name", "torture", "--since", "start", "--timeout", str(timeout), "--exec", self.command]
        return self.spool.start("events", *common, *arguments)

    def follow(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.process = self.start("--follow")

    def kill(self) -> None:
        """Kills it, and what it has started, as the service manager does."""
        if self.process is not None:
            stop(self.process, signal.SIGKILL)
            self.process = None
        # One that was just forked may not be in the list yet, or have no mark.
        for _ in range(3):
            while left := self.processes():
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def processes(self) -> list[int]:
        """What its commands have left running."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


def journal(spool: Spool) -> list[dict[str, object]]:
    command = [spool.program, "events", "--config", spool.configuration]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def judge(hook: Hook, outcome: Outcome) -> int:
    """Holds what the hook was told against the journal, and the journal against the spool; the number of events."""
    events = journal(hook.spool)
    numbers = [event["sequence"] for event in events]
    if numbers != list(range(1, len(events) + 1)):
        outcome.other.append("the journal's numbers do not follow each other")
    told = hook.told()
    missing = {event["cursor"] for event in events} - {event["cursor"] for event in told}
    outcome.lost += [f"event {cursor} was not delivered" for cursor in sorted(missing)]
    last: dict[object, int] = {}
    for event in told:
        path, number = event.get("path"), int(str(event["sequence"]))
        if number < last.get(path, 0):
            outcome.other.append(f"{path}: event {number} came after {last[path]}")
        last[path] = number
        if event != events[number - 1]:
            outcome.half.append(f"event {number} was told otherwise than it is")
    published = {event["result"] for event in events if event["event"] == "published"}
    for place in hook.spool.results():
        if place not in published:
            outcome.lost.append(f"{place}: no event tells of it")
    failed = {event["path"] for event in events if event["event"] in ("failed", "quarantined")}
    outcome.lost += [f"{path}: no event tells that it failed" for path in hook.spool.reasons() if path not in failed]
    return len(events)


def torture(program: Path, kills: int, seed: int) -> tuple[int, Outcome]:
    """The kills that hit, and what is wrong at the end."""
    generator = random.Random(seed)
    pool = [picture(seed * 100_000 + n) for n in range(kills + 20)]
    spool = Spool(program)
    hook = Hook(spool)
    arrivals = Arrivals(spool, generator, pool)
    known: dict[tuple[str, str], int] = {}
    disturbed = Outcome()
    hits = 0
    for number in range(kills):
        if number % 50 == 0:
            arrivals.finish()
            spool.drain()
        for _ in range(generator.choice([0, 1, 1, 2])):
            arrivals.step()
        if generator.random() < 0.05:
            spool.run("retry")
        hook.follow()
        daemon = spool.start("watch")
        time.sleep(generator.uniform(0.02, 2))
        # Mostly one of the two, in turn, so that each lives through the other's deaths.
        if generator.random() < 0.5:
            hook.kill()
            hits += 1
        if daemon.poll() is not None:
            disturbed.other.append(f"kill {number}: the daemon ended by itself with {daemon.poll()}")
        stop(daemon, signal.SIGKILL)
        hits += 1
        if number % 20 == 19:
            spool.look(known, disturbed, f"after kill {number}: ")
            print(f"{number + 1} rounds, {len(arrivals.good)} photographs, {len(hook.told())} deliveries", flush=True)
    arrivals.finish()
    hook.kill()
    spool.drain()
    truth = undisturbed(program, arrivals.good)
    outcome = spool.judge(arrivals.good, arrivals.bad, truth)
    outcome.add(disturbed)
    # Each run ends at a failure.
    for _ in range(20):
        hook.start().wait()
    hook.calm.touch()
    if code := hook.start(timeout=60).wait():
        outcome.other.append(f"the hook ended with {code}")
    if left := hook.processes():
        outcome.other.append(f"commands left {len(left)} processes")
    count = judge(hook, outcome)
    print(f"{hits} kills; {count} events, {len(hook.told())} deliveries")
    if outcome:
        print(f"see {spool.root} and {spool.log}")
    else:
        spool.remove()
    return hits, outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--kills", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    hits, outcome = torture(args.program, args.kills, args.seed)
    print(outcome)
    finish(hits, outcome)


if __name__ == "__main__":
    main()
