"""Draws the same photographs through one model or several, beside each other.

`python sheet.py MODEL... --photos DIR --output F.jpg`: each row is a validation photograph, then the gray one, and for each
model its mode and some samples, all models with the same latent vectors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from autochrome import modelfile, photographs, sheets


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("models", type=Path, nargs="+")
    p.add_argument("--photos", type=Path, required=True, help="folder with the shards")
    p.add_argument("--set", default="imagenet", choices=photographs.SETS, help="the validation photographs")
    p.add_argument("--output", type=Path, required=True)
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--images", type=int, nargs="+", default=list(range(8)), help="numbers of photographs")
    p.add_argument("--samples", type=int, default=2)
    p.add_argument("--temperature", type=float, default=1.0)
    args = p.parse_args()
    images = photographs.validation(args.photos, args.cache)[args.set][args.images]
    sheets.draw([modelfile.load(m) for m in args.models], images, args.output, args.samples, args.temperature)


if __name__ == "__main__":
    main()
