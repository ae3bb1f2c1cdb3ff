"""The program's network against the same network in PyTorch, alternating in one run: `python network.py PROGRAM`.

Prints medians and ratios; both have random weights, which does not matter to the time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "Reference"))
from autochrome import network  # noqa: E402


@torch.no_grad()
def peer(model: network.Colorizer, samples: int, bfloat16: bool) -> tuple[float, float]:
    lightness = torch.randn(1, 1, 256, 256)
    z = torch.randn(samples, 8192)
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        start = time.perf_counter()
        c = model.conditions(model.features(lightness))
        if model.regression is not None:
            model.compare(c)
        middle = time.perf_counter()
        c = repeat(c, samples)
        model.shown(model.inverse(z, c), c)
    return middle - start, time.perf_counter() - middle


def repeat(c: dict, n: int) -> dict:
    def each(x):
        return x.expand(n, *x.shape[1:])

    return {k: [each(x) for x in v] if isinstance(v, list) else tuple(map(each, v)) if isinstance(v, tuple) else each(v) for k, v in c.items()}


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--samples", type=int, default=8)
    p.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    args = p.parse_args()
    for preset, config in (("compact", network.Config()), ("paper", network.Config.paper())):
        model = network.Colorizer(config).eval()
        for threads in args.threads:
            torch.set_num_threads(threads)
            rows: dict[str, list] = {"autochrome": [], "PyTorch float32": [], "PyTorch bfloat16": []}
            peer(model, args.samples, False)
            for _ in range(args.rounds):
                command = [args.program, "bench", "--preset", preset, "--threads", str(threads), "--samples", str(args.samples)]
                out = json.loads(subprocess.check_output([*command, "--rounds", "1", "--json"]))["seconds"]
                rows["autochrome"].append((out["conditioning"], out["sampling"]))
                rows["PyTorch float32"].append(peer(model, args.samples, False))
                rows["PyTorch bfloat16"].append(peer(model, args.samples, True))
            medians = {k: [statistics.median(r[i] for r in v) for i in (0, 1)] for k, v in rows.items()}
            ours = medians["autochrome"]
            print(f"{preset}, {threads} threads, {args.samples} samples")
            for name, (conditioning, sampling) in medians.items():
                ratio = f"{conditioning / ours[0]:5.2f} {sampling / ours[1]:5.2f} {(conditioning + sampling) / sum(ours):5.2f} x"
                print(f"  {name:17} conditioning {conditioning * 1e3:7.1f} ms  sampling {sampling * 1e3:7.1f} ms  {ratio}", flush=True)


if __name__ == "__main__":
    main()
