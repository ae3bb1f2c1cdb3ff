"""The program's network against the same network in inference libraries, alternating in one run: `python network.py PROGRAM`.

Prints medians and how many times longer the libraries take; all have random weights, which does not matter to the time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import libraries
from autochrome import network


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--samples", type=int, default=8)
    p.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    args = p.parse_args()
    for preset, config in (("compact", network.Config()), ("paper", network.Config.paper())):
        model = network.Colorizer(config).eval()
        with tempfile.TemporaryDirectory() as folder:
            for threads in args.threads:
                compare(args, preset, threads, dict(libraries.libraries(model, args.samples, threads, Path(folder))))


def compare(args: argparse.Namespace, preset: str, threads: int, peers: dict[str, libraries.Run]) -> None:
    rows: dict[str, list] = {"Autochrome": [], **{name: [] for name in peers}}
    for run in peers.values():
        run()
    for _ in range(args.rounds):
        command = [args.program, "bench", "--preset", preset, "--threads", str(threads), "--samples", str(args.samples)]
        out = json.loads(subprocess.check_output([*command, "--rounds", "1", "--json"]))["seconds"]
        rows["Autochrome"].append((out["conditioning"], out["sampling"]))
        for name, run in peers.items():
            rows[name].append(run())
    medians = {name: [statistics.median(r[i] for r in v) for i in (0, 1)] for name, v in rows.items()}
    ours = medians["Autochrome"]
    print(f"{preset}, {threads} threads, {args.samples} samples")
    for name, (conditioning, sampling) in medians.items():
        ratio = f"{conditioning / ours[0]:5.2f} {sampling / ours[1]:5.2f} {(conditioning + sampling) / sum(ours):5.2f} x"
        print(f"  {name:17} conditioning {conditioning * 1e3:7.1f} ms  sampling {sampling * 1e3:7.1f} ms  {ratio}", flush=True)


if __name__ == "__main__":
    main()
