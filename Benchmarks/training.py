"""Images a second and peak memory of training steps, this program against PyTorch, in turn.

    python Benchmarks/training.py PHOTOGRAPHS [--program .build/release/autochrome] [--batch 16] [--preset compact]

Both train the same network in single precision from the same kind of data: `autochrome train colorization`, reading
its photographs before it starts to count, against the Reference's loss with Adam on ready tensors.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REFERENCE = Path(__file__).parent.parent / "Reference"


def peer(preset: str, width: float, batch: int, steps: int, threads: int) -> None:
    """PyTorch's side, in a process of its own: prints images a second without the first step."""
    sys.path.insert(0, str(REFERENCE))
    import torch

    from autochrome import network
    from golden_training import loss_of

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    config = network.Config.paper(width) if preset == "paper" else network.Config("compact", width)
    model = network.Colorizer(config).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, eps=1e-6, weight_decay=1e-5)
    lightness, chroma = torch.randn(batch, 1, 256, 256), torch.randn(batch, 2, 64, 64)
    for step in range(steps + 1):
        if step == 1:
            start = time.perf_counter()
        loss = loss_of(model, lightness, chroma)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
    print(f"{steps * batch / (time.perf_counter() - start):.3f} images/s")


def measure(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Images a second as the last line that has it says, and peak memory in GB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    rates = re.findall(r"([\d.]+) images/s", text)
    if status or not rates:
        raise SystemExit(text)
    return float(rates[-1]), usage.ru_maxrss / 1e6


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("photographs", nargs="?")
    p.add_argument("--program", default=".build/release/autochrome")
    p.add_argument("--preset", default="compact", choices=["compact", "paper"])
    p.add_argument("--width", type=float)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    args = p.parse_args()
    width = args.width or (1.0 if args.preset == "paper" else 0.25)
    if args.peer:
        return peer(args.preset, width, args.batch, args.steps, args.threads)
    env = os.environ | {"OMP_NUM_THREADS": str(args.threads)}
    common = ["--preset", args.preset, "--width", str(width), "--batch", str(args.batch), "--steps", str(args.steps)]
    rows: dict[str, list[tuple[float, float]]] = {"autochrome": [], "PyTorch": []}
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as folder:
            own = [args.program, "train", "colorization", args.photographs, "--output", f"{folder}/model"]
            own += common + ["--validation", "0", "--threads", str(args.threads)]
            rows["autochrome"].append(measure(own, env))
        rows["PyTorch"].append(measure([sys.executable, __file__, "--peer", "--threads", str(args.threads)] + common, env))
    for name, figures in rows.items():
        text = "  ".join(f"{rate:.2f}" for rate, _ in figures)
        print(f"{name:11} images/s {text}  peak {max(memory for _, memory in figures):.2f} GB")
    ratio = sum(r for r, _ in rows["autochrome"]) / sum(r for r, _ in rows["PyTorch"])
    print(f"images/s: {ratio:.2f} times PyTorch's")


if __name__ == "__main__":
    main()
