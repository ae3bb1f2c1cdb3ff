"""The least that a 12-megapixel gray JPEG and its 8 variants can take: decoding it once and encoding eight given RGB
pictures to memory with libvips alone (`pip install pyvips`), against this program, alternating in one run:

    python limit.py PROGRAM [--formats jpeg png tiff webp] [--threads 1 2]
    python limit.py --settings     the size and time of every format's settings

The program does all of the rest, too: colours, gamut, metadata, hashes, syncing, reading back. Of its result's JSON come
the seconds of decoding and rendering; what is left of the whole process is start, network and publishing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image
from pipeline import MODEL, SIZE, make_photograph, run

VARIANTS = 8
# As the program writes; but libvips packs deflate by rows with zlib, so that for TIFF the fastest is the limit.
SAVERS = {
    "jpeg": (".jpg", {"Q": 92, "subsample_mode": "on"}),
    "png": (".png", {"compression": 1, "filter": "up"}),
    "tiff": (".tif", {"compression": "zstd", "level": 1, "predictor": "horizontal"}),
    "webp": (".webp", {"Q": 92, "effort": 0}),
}
CHOICES = {
    "JPEG 4:4:4": (".jpg", {"Q": 92, "subsample_mode": "off"}),
    "JPEG 4:2:0": (".jpg", {"Q": 92, "subsample_mode": "on"}),
    "PNG sub, level 1": (".png", {"compression": 1, "filter": "sub"}),
    "PNG sub, level 2": (".png", {"compression": 2, "filter": "sub"}),
    "PNG sub, level 3": (".png", {"compression": 3, "filter": "sub"}),
    "PNG sub, level 6": (".png", {"compression": 6, "filter": "sub"}),
    "PNG up, level 1": (".png", {"compression": 1, "filter": "up"}),
    "PNG paeth, level 1": (".png", {"compression": 1, "filter": "paeth"}),
    "PNG all, level 1": (".png", {"compression": 1, "filter": "all"}),
    "TIFF uncompressed": (".tif", {"compression": "none"}),
    "TIFF LZW": (".tif", {"compression": "lzw"}),
    "TIFF LZW, predictor": (".tif", {"compression": "lzw", "predictor": "horizontal"}),
    "TIFF LZW, predictor, tiles": (
        ".tif", {"compression": "lzw", "predictor": "horizontal", "tile": True, "tile_width": 256, "tile_height": 256},
    ),
    "TIFF deflate": (".tif", {"compression": "deflate"}),
    "TIFF deflate, predictor": (".tif", {"compression": "deflate", "predictor": "horizontal"}),
    "TIFF Zstandard 1, predictor": (".tif", {"compression": "zstd", "level": 1, "predictor": "horizontal"}),
    "TIFF Zstandard 9, predictor": (".tif", {"compression": "zstd", "level": 9, "predictor": "horizontal"}),
    **{f"WebP effort {effort}": (".webp", {"Q": 92, "effort": effort}) for effort in range(5)},
}


def picture(photograph: Path) -> pyvips.Image:
    """The photograph under smooth colours, as a variant has them, in memory."""
    with Image.open(photograph) as image:
        gray = np.asarray(image, np.float32)
    y, x = np.mgrid[0 : gray.shape[0], 0 : gray.shape[1]].astype(np.float32) / 400
    a, b = 12 * np.sin(x) * np.cos(y), 16 * np.cos(x + 1) * np.sin(y)
    planes = [gray + a + b / 2, gray - a / 2, gray - b]
    return pyvips.Image.new_from_array(np.dstack(planes).clip(0, 255).astype(np.uint8))


def decode(photograph: Path) -> None:
    pyvips.Image.new_from_file(str(photograph), access="sequential").write_to_memory()


def encode(image: pyvips.Image, saver: tuple[str, dict]) -> int:
    return len(image.write_to_buffer(saver[0], strip=True, **saver[1]))


def limit(photograph: Path, image: pyvips.Image, saver: tuple[str, dict], threads: int) -> float:
    start = time.perf_counter()
    decode(photograph)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: encode(image, saver), range(VARIANTS)))
    return time.perf_counter() - start


def pillow(photograph: Path) -> float:
    """Half of what Pillow takes on one thread, in 4:2:0."""
    with Image.open(photograph) as image:
        colored = image.convert("RGB")
    start = time.perf_counter()
    with Image.open(photograph) as image:
        image.load()
    for i in range(VARIANTS):
        with tempfile.TemporaryFile() as file:
            colored.save(file, "JPEG", quality=92, subsampling="4:2:0")
    return (time.perf_counter() - start) / 2


def program(command: str, photograph: Path, output: Path, form: str, threads: int) -> tuple[float, float]:
    """Seconds of decoding and rendering, seconds of the whole process."""
    options = ["--format", form, "--samples", str(VARIANTS), "--threads", str(threads)]
    whole, _, _ = run(
        [command, "colorize", str(photograph), "--output", str(output), "--model", str(MODEL), *options]
    )
    result = json.loads(next(output.rglob("photograph.json")).read_text())
    return result["timings"]["decode"] + result["timings"]["rendering"], whole


def settings(image: pyvips.Image, rounds: int) -> None:
    """Alternating, so that a machine that slows down does so for all."""
    seconds: dict[str, list[float]] = {name: [] for name in CHOICES}
    sizes = {}
    for _ in range(rounds):
        for name, saver in CHOICES.items():
            start = os.times()
            sizes[name] = encode(image, saver)
            end = os.times()
            seconds[name].append(end.user + end.system - start.user - start.system)
    for name in CHOICES:
        print(f"{name:32} {statistics.median(seconds[name]) * 1e3:6.0f} ms {sizes[name] / 1e6:7.2f} MB")


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program", nargs="?")
    p.add_argument("--settings", action="store_true")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    p.add_argument("--formats", nargs="*", default=list(SAVERS))
    args = p.parse_args()
    pyvips.cache_set_max(0)
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        make_photograph(photograph)
        image = picture(photograph)
        if args.settings:
            return settings(image, args.rounds)
        print(f"{SIZE[0] * SIZE[1] / 1e6:.1f} megapixels to {VARIANTS} variants, medians of {args.rounds}")
        for threads in args.threads:
            for form in args.formats:
                least, ours, half = [], [], []
                for i in range(args.rounds):
                    least.append(limit(photograph, image, SAVERS[form], threads))
                    if form == "jpeg":
                        half.append(pillow(photograph))
                    if args.program:
                        ours.append(program(args.program, photograph, Path(folder) / f"{form}{threads}-{i}", form, threads))
                line = f"{threads} threads, {form:5} limit {statistics.median(least):6.2f} s"
                if half:
                    line += f"  half of Pillow's {statistics.median(half):5.2f} s"
                if ours:
                    mine = statistics.median(r[0] for r in ours)
                    ratio = statistics.median(r[0] / x for r, x in zip(ours, least))
                    line += f"  decoding and rendering {mine:6.2f} s, {ratio:4.2f} x"
                    if half:
                        line += f" ({statistics.median(r[0] / x for r, x in zip(ours, half)):4.2f} x of Pillow's half)"
                    line += f"  whole {statistics.median(r[1] for r in ours):6.2f} s"
                print(line, flush=True)


if __name__ == "__main__":
    main()
