"""Loads the daemon: very many files at once with the event queue overflowing, arrivals faster than work, and fairness.

`python load.py [--files 100000] [--patience 3600] [--seconds 120]`: most of the files are one photograph under many
names, so that intake, queue, hashing and ledger carry every one of them and the network only the different ones. What is
not worked off when patience ends must at least be known to the ledger. `status` must always answer within a second.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, png, sha256, stop


class Watch:
    """What the daemon takes of memory and `status` of time, looked at again and again."""

    def __init__(self, spool: Spool, process: subprocess.Popen[bytes]) -> None:
        self.spool = spool
        self.process = process
        self.memory: list[float] = []
        self.answers: list[float] = []
        self.processor: list[float] = []
        self.began = time.monotonic()

    def look(self) -> dict[str, object]:
        """The answer of `status`; memory in MB and times in seconds are noted."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        self.memory.append(int(text.split("VmRSS:")[1].split()[0]) / 1024)
        before = os.times()
        start = time.monotonic()
        report = self.spool.status()
        self.answers.append(time.monotonic() - start)
        after = os.times()
        used = (after.children_user + after.children_system) - (before.children_user + before.children_system)
        self.processor.append(used)
        return report

    def late(self) -> list[str]:
        slowest = max(self.answers)
        return [f"status took {slowest:.2f} s"] if slowest > 1 else []

    def line(self, what: str) -> str:
        q = max(1, len(self.memory) // 4)
        return (
            f"{what}: {time.monotonic() - self.began:.0f} s; memory {self.memory[0]:.0f} MB at first, median of the last "
            f"quarter {sorted(self.memory[-q:])[q // 2]:.0f}, peak {max(self.memory):.0f}; status answered "
            f"{len(self.answers)} times in {sorted(self.answers)[len(self.answers) // 2]:.2f} s (median), "
            f"{max(self.answers):.2f} s at most, with {max(self.processor):.2f} s of processor time"
        )


def start(spool: Spool) -> subprocess.Popen[bytes]:
    process = spool.start("watch")
    while not (spool.state / "status.json").exists() or not spool.status().get("daemon"):
        time.sleep(0.05)
    return process


def counts(report: dict[str, object]) -> dict[str, int]:
    return report["counts"]  # type: ignore[return-value]


def at_once(program: Path, files: int, distinct: int, patience: float) -> list[str]:
    """All files at once into a running daemon, faster than it reads events; one more in the middle is served soon."""
    spool = Spool(program, log_level="info", quiet_seconds=0.5, poll_seconds=1)
    # Files come from a folder beside the inbox by links: that makes events faster than anything can read them.
    aside = spool.root / "aside"
    aside.mkdir()
    pictures = [png(24, 18, n) for n in range(distinct)]
    sources = []
    for number, data in enumerate(pictures):
        sources.append(aside / f"{number}.png")
        sources[-1].write_bytes(data)
    # A file has 65,000 names at most.
    copies = [aside / f"same {n}.png" for n in range(8)]
    for copy in copies:
        copy.write_bytes(pictures[0])
    daemon = start(spool)
    watch = Watch(spool, daemon)
    watch.look()
    for number in range(97):
        (spool.inbox / f"{number:02}").mkdir()
    # The folders are watched when this has come out.
    spool.drop("00/first.png", pictures[0])
    while not spool.results():
        time.sleep(0.1)
    daemon.send_signal(19)  # SIGSTOP: the queue of events must overflow whatever the machine does
    for number in range(files):
        folder = spool.inbox / f"{number % 97:02}"
        source = sources[number] if number < distinct else copies[number % 8]
        os.link(source, folder / f"{number}.png")
    daemon.send_signal(18)
    print(f"{files} files put in within {time.monotonic() - watch.began:.0f} s", flush=True)
    new, served, intake = None, None, None
    while True:
        report = watch.look()
        have = counts(report)
        done = have["published"] + have["failed"] + have["quarantined"]
        if new is None and done > files // 50:
            spool.drop("new/new.png", png(48, 36, 99_999))
            new, done_before = time.monotonic(), done
        if new and served is None and (spool.outbox / "new/new").exists():
            served = time.monotonic() - new
            print(f"a new photograph was served after {served:.1f} s, with {done - done_before} others done meanwhile "
                  f"and {files - done} still waiting", flush=True)  # fmt: skip
        known = done + sum(have[state] for state in ("received", "claimed", "waiting"))
        if intake is None and known >= files + 1:
            intake = time.monotonic() - watch.began
            print(f"all in the ledger after {intake:.0f} s, {done} of them done", flush=True)
        if done >= files + 2 or served is not None and time.monotonic() - watch.began > patience:
            break
        time.sleep(0.5)
    watch.look()
    wrong = watch.late()
    print(f"{done} worked off in {time.monotonic() - watch.began:.0f} s")
    print(watch.line(f"{files} files at once, {distinct} of them different"))
    stop(daemon)
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if files > queue and "events were lost" not in spool.log.read_text():
        wrong.append("the queue of events did not overflow")
    if served is None:
        wrong.append("the new photograph was not served")
    results = spool.results()
    made = [result.source for result in results.values()]
    wanted = {sha256(data) for data in [*pictures, png(48, 36, 99_999)]}
    if len(set(made)) != len(made) or not wanted.issuperset(made) or done >= files + 2 and len(made) != len(wanted):
        wrong.append(f"{len(results)} results of {len(set(made))} contents, of {len(wanted)}")
    wrong += [problem for result in results.values() for problem in result.problems]
    have = {name: job["state"] for name, job in spool.jobs().items()}
    expected = ["published"] if done >= files + 2 else ["published", "received", "claimed"]
    missed = [n for n in range(files) if have.get(f"{n % 97:02}/{n}.png") not in expected]
    if missed:
        wrong.append(f"{len(missed)} files missed, among them {missed[:5]}")
    if not wrong:
        spool.remove()
    return wrong


def sustained(program: Path, seconds: float) -> list[str]:
    """Different photographs arrive faster than they are worked off; afterwards none is missing."""
    spool = Spool(program, log_level="info")
    daemon = start(spool)
    watch = Watch(spool, daemon)
    pictures: dict[str, bytes] = {}
    r = random.Random(1)
    lag: list[int] = []
    looked, pause = 0.0, 0.02
    while time.monotonic() - watch.began < seconds:
        name = f"{r.randrange(9)}/{len(pictures)}.png"
        pictures[name] = png(24, 18, len(pictures))
        spool.drop(name, pictures[name])
        time.sleep(pause)
        if time.monotonic() - looked > 2:
            report = watch.look()
            looked = time.monotonic()
            done = counts(report)["published"]
            lag.append(len(pictures) - done)
            # Twice as fast as work; more would prove no more and take longer to work off.
            pause = max(0.02, (looked - watch.began) / max(done, 1) / 2)
    print(watch.line(f"{len(pictures)} photographs in {seconds:.0f} s, {lag[-1]} of them waiting at the end"), flush=True)
    wrong = [] if lag[-1] > len(pictures) // 20 else ["arrivals were not faster than work"]
    while counts(watch.look())["published"] < len(pictures):
        time.sleep(1)
    print(watch.line("until all were done"))
    stop(daemon)
    outcome = spool.judge(pictures, set())
    wrong += watch.late() + outcome.lost + outcome.half + outcome.twice + outcome.other
    if not wrong:
        spool.remove()
    return wrong


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--files", type=int, default=100_000)
    p.add_argument("--distinct", type=int, default=200)
    p.add_argument("--patience", type=float, default=3600)
    p.add_argument("--seconds", type=float, default=120)
    args = p.parse_args()
    wrong = at_once(args.program, args.files, args.distinct, args.patience)
    if args.seconds:
        wrong += sustained(args.program, args.seconds)
    print("nothing missed, nothing twice" if not wrong else "\n".join(wrong))
    finish(args.files, Outcome(other=wrong))


if __name__ == "__main__":
    main()
