"""Many small photographs: images a minute of two programs, an older and a newer one, alternating in one run:

    python throughput.py OLD NEW [--photographs 1000] [--rounds 3] [--threads 1 2] [-- OPTIONS OF THE NEWER ONE]

The photographs are crops of the samples at 640 × 480 with the grain of a scan. Each program colours all of them with
`colorize`, the start included. An older program may have a model of its own beside it (`--old-model`). The processor's time
for a photograph, of decoders too, is what a busy machine does not change.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from pipeline import MODEL, ROOT

SIZE = (640, 480)


def make_photographs(folder: Path, count: int) -> None:
    random = np.random.default_rng(1)
    samples = [Image.open(ROOT / "Samples" / name).convert("L") for name in ("camera.jpg", "astronaut.jpg", "chelsea.png")]
    for number in range(count):
        image = samples[number % len(samples)]
        width = int(min(image.width, image.height * SIZE[0] / SIZE[1]) * random.uniform(0.5, 1))
        height = width * SIZE[1] // SIZE[0]
        x, y = random.integers(0, image.width - width + 1), random.integers(0, image.height - height + 1)
        crop = image.crop((x, y, x + width, y + height)).resize(SIZE, Image.Resampling.LANCZOS)
        grain = random.normal(0, 3, SIZE[::-1])
        picture = (np.asarray(crop, np.float32) + grain).clip(0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number:05}.jpg", quality=92)


def colorize(program: str, model: Path, photographs: Path, output: Path, threads: int, options: list[str]) -> tuple[float, float]:
    """Seconds, and those of the processor."""
    before = os.times()
    start = time.perf_counter()
    command = [program, "colorize", str(photographs), "--output", str(output), "--model", str(model)]
    subprocess.run([*command, "--threads", str(threads), *options], check=True, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, os.times()
    shutil.rmtree(output)
    return seconds, sum(after[2:4]) - sum(before[2:4])


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("old")
    p.add_argument("new")
    p.add_argument("--old-model", type=Path, default=MODEL)
    p.add_argument("--photographs", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    p.add_argument("options", nargs="*")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photographs = Path(folder) / "photographs"
        photographs.mkdir()
        make_photographs(photographs, args.photographs)
        print(f"{args.photographs} photographs of {SIZE[0] * SIZE[1] / 1e6:.1f} megapixels, medians of {args.rounds}")
        for threads in args.threads:
            runs = {"old": [], "new": []}
            for number in range(args.rounds):
                for name, program, model, options in (
                    ("old", args.old, args.old_model, []), ("new", args.new, MODEL, args.options),
                ):
                    output = Path(folder) / f"{name}{number}"
                    runs[name].append(colorize(program, model, photographs, output, threads, options))
            for name, found in runs.items():
                seconds = statistics.median(r[0] for r in found)
                processor = statistics.median(r[1] for r in found)
                print(
                    f"  {threads} threads, {name}: {60 * args.photographs / seconds:6.0f} images a minute, "
                    f"{1e3 * processor / args.photographs:6.0f} ms of the processor for each"
                )
            pairs = list(zip(runs["old"], runs["new"]))
            speed = statistics.median(a[0] / b[0] for a, b in pairs)
            work = statistics.median(a[1] / b[1] for a, b in pairs)
            print(f"  {threads} threads: {speed:.2f} x the images a minute, {work:.2f} x by processor time", flush=True)


if __name__ == "__main__":
    main()
