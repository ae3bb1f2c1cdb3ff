"""The pictures of README.md and of the model card: what the program makes of the sample photographs.

`python pictures.py ../.build/release/autochrome`
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parent.parent
RESULTS = {"astronaut": 300, "chelsea": 200, "rocket-sepia": 200, "camera": 300}  # and the height of its row
VARIANTS = ["01", "02", "03", "04"]
FAILURES = [
    ("astronaut", "12"), ("astronaut", "13"), ("camera", "13"), ("coffee-16bit", "11"), ("coffee-16bit", "12"), ("chelsea", "12"),
]


def colorize(program: str, folder: Path, *options: str) -> Path:
    command = [program, "colorize", ROOT / "Samples", "--output", folder, "--format", "png", "--colored", "recolor", *options]
    subprocess.run(command, check=True)
    return folder


def cell(path: Path, width: int, height: int) -> Image.Image:
    return ImageOps.fit(Image.open(path).convert("RGB"), (width, height), Image.LANCZOS)


def montage(rows: list[list[Image.Image]], path: Path) -> None:
    size = (sum(c.width for c in rows[0]), sum(row[0].height for row in rows))
    picture, y = Image.new("RGB", size), 0
    for row in rows:
        x = 0
        for c in row:
            picture.paste(c, (x, y))
            x += c.width
        y += row[0].height
    picture.save(path, quality=88)


def main(program: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        gray = colorize(program, Path(scratch, "gray"), "--samples", "1", "--saturation", "0")
        coloured = colorize(program, Path(scratch, "coloured"))
        bold = colorize(program, Path(scratch, "bold"), "--samples", "13", "--temperature", "1")
        rows = [
            [cell(gray / name / "01.png", 300, height), *(cell(coloured / name / f"{v}.png", 300, height) for v in VARIANTS)]
            for name, height in RESULTS.items()
        ]
        montage(rows, ROOT / "docs" / "results.jpg")
        montage([[cell(bold / name / f"{v}.png", 220, 220) for name, v in FAILURES]], ROOT / "docs" / "failures.jpg")


if __name__ == "__main__":
    main(sys.argv[1])
