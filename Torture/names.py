"""Uses names again where originals are archived or deleted, and shares an outbox with another machine.

`python names.py [--rounds 40] [--seed 1] [--cases again reload swap hosts]`:
`again`: photographs come under the same few names while the daemon is killed, reloaded and started again; every result is
then made again with `reprocess`. Each photograph must have one result, of its own colours, and be where the policy says.
`reload`: the policy changes in the configuration of a running daemon, which keeps the one it was started with.
`swap`: another photograph is renamed onto an original's name right before that is archived or deleted.
`hosts`: another machine, whose locks do not hold here, starts on an outbox with work in hand.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, files_below, finish, png, sha256, stop, undisturbed, wait

NAMES = ["scan.png", "album/scan.png", "album/page.png"]


def watch(spool: Spool) -> subprocess.Popen[bytes]:
    """Starts the daemon and waits until it listens to signals."""
    report = spool.state / "status.json"
    report.unlink(missing_ok=True)
    daemon = spool.start("watch")
    wait(lambda: report.exists() or daemon.poll() is not None, "the daemon's start")
    return daemon


def check(spool: Spool, put: dict[str, bytes], truth: dict[str, list[str]], originals: str) -> Outcome:
    """Every photograph that was ever put in has one result, of its own colours."""
    outcome = Outcome()
    made: dict[str, list[str]] = {}
    for path, result in spool.results().items():
        outcome.half += result.problems
        made.setdefault(result.source, []).append(path)
        if result.source not in put:
            outcome.other.append(f"{path}: a result of what was never put in")
        elif result.variants != truth[result.source]:
            outcome.half.append(f"{path}: other colours than undisturbed")
    for content in put:
        paths = made.get(content, [])
        if not paths:
            outcome.lost.append(f"{content}: no result")
        elif len(paths) > 1:
            outcome.twice.append(f"{content}: {paths}")
    if originals == "archive":
        outcome.lost += spool.missing(put.values())
    outcome.other += [f"still in the inbox: {path}" for path in files_below(spool.inbox)]
    outcome.other += spool.leftovers()
    return outcome


def again(program: Path, rounds: int, generator: random.Random, originals: str) -> Outcome:
    spool = Spool(program, originals=originals)
    put: dict[str, bytes] = {}
    daemon = watch(spool)
    for number in range(rounds):
        data = png(24, 18, generator.randrange(10**9)) if not put or generator.random() < 0.8 else generator.choice(
            list(put.values())
        )  # fmt: skip
        put[sha256(data)] = data
        # A photograph whose name is used before it was seen is replaced by its owner.
        wait(lambda: not files_below(spool.inbox) or daemon.poll() is not None, "an empty inbox")
        spool.drop(generator.choice(NAMES), data)
        chance = generator.random()
        if chance < 0.25:
            spool.configure(decode_seconds=100 + number)
            daemon.send_signal(signal.SIGHUP)
        elif chance < 0.5:
            time.sleep(generator.random())
            stop(daemon, signal.SIGKILL)
            daemon = watch(spool)
    wait(lambda: not files_below(spool.inbox), "an empty inbox")
    stop(daemon)
    spool.drain()
    truth = undisturbed(program, {f"{n}.png": data for n, data in enumerate(put.values())})
    outcome = check(spool, put, truth, originals)
    # One that is not worked on yet has the name of all of them.
    spool.drop(NAMES[0], png(24, 18, 10**9))
    code = spool.run("reprocess", str(spool.outbox), "--force")
    if code != (0 if originals == "archive" else 1):
        outcome.other.append(f"reprocess ended with {code}")
    (spool.inbox / NAMES[0]).unlink()
    outcome.add(check(spool, put, truth, originals), "after reprocess: ")
    return conclude(spool, outcome)


def reload(program: Path, generator: random.Random, originals: str) -> Outcome:
    spool = Spool(program, originals=originals)
    put: dict[str, bytes] = {}
    daemon = watch(spool)
    for policy in ("keep", "archive", "delete", "keep"):
        data = png(24, 18, generator.randrange(10**9))
        put[sha256(data)] = data
        spool.drop(NAMES[0], data)
        wait(lambda: not files_below(spool.inbox), f"an empty inbox under {originals}")
        before = spool.log.read_text().count("configuration reloaded")
        spool.configure(originals=policy)
        daemon.send_signal(signal.SIGHUP)
        wait(lambda: spool.log.read_text().count("configuration reloaded") > before, "a reload")
    data = png(24, 18, generator.randrange(10**9))
    put[sha256(data)] = data
    spool.drop(NAMES[0], data)
    wait(lambda: not files_below(spool.inbox), f"an empty inbox under {originals}")
    stop(daemon)
    truth = undisturbed(program, {f"{n}.png": data for n, data in enumerate(put.values())})
    return conclude(spool, check(spool, put, truth, originals))


def swap(program: Path, generator: random.Random, originals: str) -> Outcome:
    spool = Spool(program, originals=originals)
    put = {sha256(data): data for data in (png(24, 18, generator.randrange(10**9)) for _ in range(2))}
    first, second = put.values()
    spool.drop(NAMES[1], first)
    aside = spool.root / "another.png"
    aside.write_bytes(second)
    spool.run("watch", "--once", swap=aside, onto=spool.inbox / NAMES[1])
    outcome = Outcome()
    if aside.exists():
        outcome.other.append("the photograph was never renamed")
    spool.drain()
    truth = undisturbed(program, {f"{n}.png": data for n, data in enumerate(put.values())})
    outcome.add(check(spool, put, truth, "delete"))
    if originals == "archive":
        outcome.lost += spool.missing([second])
    return conclude(spool, outcome)


def in_hand(spool: Spool) -> list[Path]:
    """What the outbox holds of results that are not done."""
    return [path for path in files_below(spool.outbox) if path.relative_to(spool.outbox).parts[0].startswith(".autochrome-")]


def stopped_at_work(
    spool: Spool, daemon: subprocess.Popen[bytes], put: dict[str, bytes], generator: random.Random
) -> list[Path]:
    """Puts photographs in until the daemon is stopped while it holds one; what it holds, of the last one."""
    for _ in range(30):
        data = png(320, 240, generator.randrange(10**9))
        put[sha256(data)] = data
        spool.drop(NAMES[0], data)
        while files_below(spool.inbox):
            if in_hand(spool):
                daemon.send_signal(signal.SIGSTOP)
                # A stopped thread finishes the call it is in.
                time.sleep(0.05)
                if work := in_hand(spool):
                    return work
                daemon.send_signal(signal.SIGCONT)
            time.sleep(0.002)
            assert daemon.poll() is None, f"the daemon ended with {daemon.returncode}"
    raise AssertionError("no photograph was met in hand")


def hosts(program: Path, rounds: int, generator: random.Random) -> Outcome:
    here = Spool(program, workers=1, samples=8, originals="archive")
    there = Spool(program, outbox=here.outbox)
    outcome = Outcome()
    put: dict[str, bytes] = {}
    for _ in range(rounds):
        daemon = here.start("watch", host="here", boot=1)
        work = stopped_at_work(here, daemon, put, generator)
        code = there.run("watch", "--once", host="there", boot=2, unlocked=1)
        outcome.other += [f"another machine ended with {code}"] if code else []
        outcome.lost += [f"another machine removed {path}" for path in work if not path.exists()]
        daemon.send_signal(signal.SIGCONT)
        wait(lambda: not files_below(here.inbox), "an empty inbox")
        stop(daemon)
    if "not exist" in here.log.read_text():
        outcome.other.append("work had to be done again")
    # What the machine itself left before it was started again goes.
    daemon = here.start("watch", host="here", boot=1)
    stopped_at_work(here, daemon, put, generator)
    stop(daemon, signal.SIGKILL)
    put.popitem()
    for path in files_below(here.inbox):
        path.unlink()
    here.run("watch", "--once", host="here", boot=1)
    truth = undisturbed(program, {f"{n}.png": data for n, data in enumerate(put.values())}, samples=8)
    outcome.add(check(here, put, truth, "archive"))
    if not outcome:
        there.remove()
    return conclude(here, outcome)


def conclude(spool: Spool, outcome: Outcome) -> Outcome:
    if outcome:
        print(f"see {spool.root} and {spool.log}")
    else:
        spool.remove()
    return outcome


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--rounds", type=int, default=40)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", nargs="*", default=["again", "reload", "swap", "hosts"])
    args = p.parse_args()
    generator = random.Random(args.seed)
    total, count = Outcome(), 0
    for case in args.cases:
        for originals in ["archive", "delete"] if case != "hosts" else [""]:
            if case == "again":
                outcome, used = again(args.program, args.rounds, generator, originals), args.rounds
            elif case == "reload":
                outcome, used = reload(args.program, generator, originals), 5
            elif case == "swap":
                outcome, used = swap(args.program, generator, originals), 2
            else:
                rounds = max(1, args.rounds // 10)
                outcome, used = hosts(args.program, rounds, generator), rounds
            print(f"{case} {originals}: {outcome}", flush=True)
            total.add(outcome)
            count += used
    print(f"{count} photographs under {len(NAMES)} names (seed {args.seed}); {total}")
    finish(count, total)


if __name__ == "__main__":
    main()
