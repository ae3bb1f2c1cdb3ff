"""Images a second, processor time and peak memory of training steps, this program against PyTorch, in turn.

    python Benchmarks/training.py PHOTOGRAPHS [--program .build/release/autochrome] [--batch 16] [--preset compact]

Both train the same network in single precision with Adam: `autochrome train colorization`, which reads its photographs
before it starts to count, and the Reference on ready tensors. Processor time is what a run takes beyond one of a single
step, so that it tells the same on a busy machine.
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
    """PyTorch's side, in a process of its own: prints images a second, without the first step if there are more."""
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
    for step in range(steps):
        if step <= 1:
            start = time.perf_counter()
        loss = loss_of(model, lightness, chroma)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimiser.step()
    print(f"{max(1, steps - 1) * batch / (time.perf_counter() - start):.3f} images/s")


def measure(command: list[str], env: dict[str, str]) -> tuple[float, float, float]:
    """Images a second as the last line that has it says, peak memory in GB, and seconds of processor time."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    rates = re.findall(r"([\d.]+) images/s", text)
    if status or not rates:
        raise SystemExit(text)
    return float(rates[-1]), usage.ru_maxrss / 1e6, usage.ru_utime + usage.ru_stime


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
    env = os.environ | {"OMP_NUM_THREADS": str(args.threads), "OMP_WAIT_POLICY": "PASSIVE"}
    common = ["--preset", args.preset, "--width", str(width), "--batch", str(args.batch)]
    common += ["--threads", str(args.threads)]

    def run(name: str, steps: int) -> tuple[float, float, float]:
        if name == "PyTorch":
            command = [sys.executable, __file__, "--peer", *common, "--steps", str(steps)]
            return measure(command, env)
        with tempfile.TemporaryDirectory() as folder:
            command = [args.program, "train", "colorization", args.photographs, "--output", f"{folder}/model"]
            return measure([*command, *common, "--steps", str(steps), "--validation", "0"], env)

    rows: dict[str, list[tuple[float, float, float]]] = {"autochrome": [], "PyTorch": []}
    for _ in range(args.rounds):
        for name, figures in rows.items():
            once = run(name, 1)
            rate, memory, seconds = run(name, 1 + args.steps)
            figures.append((rate, memory, (seconds - once[2]) / (args.steps * args.batch)))
            print(f"{name:11} {rate:.2f} images/s, {figures[-1][2]:.3f} s of processor an image, {memory:.2f} GB", flush=True)
    own, peer_ = ([sum(f[i] for f in rows[n]) for i in range(3)] for n in rows)
    print(f"images/s {own[0] / peer_[0]:.2f} times PyTorch's, processor time {own[2] / peer_[2]:.2f} times, ", end="")
    print(f"memory {max(f[1] for f in rows['autochrome']) / max(f[1] for f in rows['PyTorch']):.2f} times")


if __name__ == "__main__":
    main()
