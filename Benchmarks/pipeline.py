"""A 12-megapixel gray JPEG to 8 JPEG variants, sheet, map and JSON: the program against a script of PyTorch, Pillow and
OpenCV, alternating in one run: `python pipeline.py PROGRAM`.

The script is what one would write with those libraries: the network of Reference/ with the model that ships, chroma
upsampled bilinearly by OpenCV, Lab to RGB at full resolution by OpenCV, Pillow's JPEG encoder. It spares itself the
program's edge-aware upsampling, gamut mapping, metadata in the files, syncing and reading back.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "Models" / "compact.safetensors"
SIZE = (4096, 3000)


def make_photograph(path: Path) -> None:
    """A sample photograph enlarged to 12 megapixels, with the grain of a scan."""
    with Image.open(ROOT / "Samples" / "camera.jpg") as image:
        smooth = np.asarray(image.convert("L").resize(SIZE, Image.Resampling.LANCZOS), np.float32)
    grain = np.random.default_rng(1).normal(0, 3, smooth.shape).astype(np.float32)
    Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8)).save(path, quality=92)


def colorize(model, photograph: Path, output: Path, samples: int) -> None:
    """The peer: one photograph to a directory."""
    import torch
    from autochrome import evaluation, lab

    output.mkdir()
    with Image.open(photograph) as image:
        gray = np.asarray(image.convert("L"))
    plane = cv2.cvtColor(cv2.merge([gray.astype(np.float32) / 255] * 3), cv2.COLOR_RGB2LAB)[..., 0]
    small = torch.from_numpy(cv2.resize(plane, (256, 256), interpolation=cv2.INTER_AREA))[None, None]
    with torch.no_grad():
        c = model.conditions(model.features(lab.normalise_l(small)))
        model.compare(c)
        z = evaluation.latents(samples, torch.Generator().manual_seed(1))
        expanded = {k: repeat(v, samples) for k, v in c.items()}
        chroma = lab.denormalise_ab(evaluation.sample(model, expanded, z)).permute(0, 2, 3, 1).numpy()

    variants, thumbnails = [], [Image.fromarray(gray).convert("RGB")]
    for number, ab in enumerate(chroma, 1):
        large = cv2.resize(ab, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
        rgb = cv2.cvtColor(np.dstack([plane, large]), cv2.COLOR_LAB2RGB)
        picture = Image.fromarray((rgb * 255 + 0.5).astype(np.uint8))
        path = output / f"{number:02}.jpg"
        picture.save(path, quality=92)
        thumbnails.append(picture)
        variants.append({"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
        picture.thumbnail((400, 400))
    thumbnails[0].thumbnail((400, 400))

    width, height = thumbnails[0].size
    sheet = Image.new("RGB", (3 * width, 3 * height))
    for i, thumbnail in enumerate(thumbnails):
        sheet.paste(thumbnail, (i % 3 * width, i // 3 * height))
    sheet.save(output / "sheet.jpg", quality=92)
    deviation = np.sqrt(chroma.var(0).sum(-1))
    heat = cv2.applyColorMap((deviation * 255 / 30).clip(0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    cv2.imwrite(str(output / "uncertainty.png"), cv2.resize(heat, (width, height)))
    source = {"name": photograph.name, "sha256": hashlib.sha256(photograph.read_bytes()).hexdigest()}
    (output / "result.json").write_text(json.dumps({"source": source, "variants": variants}))


def repeat(value, n: int):
    if isinstance(value, (list, tuple)):
        return type(value)(repeat(v, n) for v in value)
    return value.expand(n, *value.shape[1:])


def peer(photograph: Path, output: Path, samples: int, threads: int) -> None:
    """The script as a process of its own; prints the seconds without imports and loading the model."""
    import torch

    sys.path.insert(0, str(ROOT / "Reference"))
    from autochrome import modelfile

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    model = modelfile.load(MODEL)
    start = time.perf_counter()
    colorize(model, photograph, output, samples)
    print(time.perf_counter() - start)


def rest(photograph: Path, output: Path, whole: float, start: float) -> float:
    """What a photograph takes beside decoding, network and rendering: hashing, syncing, reading back, its document."""
    timings = json.loads((output / photograph.stem / f"{photograph.stem}.json").read_text())["timings"]
    return whole - start - sum(timings.values())


def start_of(program: str, folder: Path, threads: int) -> float:
    """Seconds of a run that finds its one small photograph done: the program's start."""
    small, output = folder / "small.jpg", folder / f"small-{threads}"
    Image.new("L", (64, 48), 128).save(small)
    command = [program, "colorize", str(small), "--output", str(output), "--model", str(MODEL), "--threads", str(threads)]
    run(command)
    return statistics.median(run(command)[0] for _ in range(5))


def run(command: list[str]) -> tuple[float, str, float]:
    """Seconds, standard output and peak megabytes of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return time.perf_counter() - start, out, usage.ru_maxrss / 1e3


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--samples", type=int, default=8)
    p.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    p.add_argument("--peer", nargs=2, type=Path, help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.peer:
        return peer(*args.peer, args.samples, args.threads[0])
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        make_photograph(photograph)
        for threads in args.threads:
            ours, theirs, warm, others = [], [], [], []
            start = start_of(args.program, Path(folder), threads)
            common = ["--samples", str(args.samples), "--threads", str(threads)]
            for i in range(args.rounds):
                outputs = [str(Path(folder) / f"{name}-{threads}-{i}") for name in ("ours", "theirs")]
                program = [args.program, "colorize", str(photograph), "--output", outputs[0], "--model", str(MODEL)]
                ours.append(run([*program, *common]))
                others.append(rest(photograph, Path(outputs[0]), ours[-1][0], start))
                script = [sys.executable, __file__, args.program, "--peer", str(photograph), outputs[1]]
                theirs.append(run([*script, *common]))
                warm.append(float(theirs[-1][1]))
            mine = statistics.median(r[0] for r in ours)
            print(f"{SIZE[0] * SIZE[1] / 1e6:.1f} megapixels to {args.samples} variants, {threads} threads")
            print(f"  autochrome, whole process        {mine:6.2f} s {max(r[2] for r in ours):6.0f} MB")
            print(f"    of it the start                {start:6.2f} s")
            print(f"    hashes, syncing, reading back  {statistics.median(others):6.2f} s")
            whole = statistics.median(r[0] for r in theirs)
            print(f"  PyTorch and OpenCV, whole        {whole:6.2f} s {max(r[2] for r in theirs):6.0f} MB {whole / mine:5.2f} x")
            inner = statistics.median(warm)
            print(f"  the same without start and model {inner:6.2f} s           {inner / mine:5.2f} x", flush=True)


if __name__ == "__main__":
    main()
