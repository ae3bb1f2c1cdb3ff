"""Section 6's figures for a model file: `python evaluate.py MODEL --photos DIR`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from autochrome import evaluation, modelfile, photographs


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("model", type=Path)
    p.add_argument("--photos", type=Path, required=True, help="folder with the shards")
    p.add_argument("--set", default="imagenet", choices=photographs.SETS, help="the validation photographs")
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--samples", type=int, default=8)
    p.add_argument("--temperature", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--limit", type=int, default=600)
    args = p.parse_args()
    images = photographs.validation(args.photos, args.cache)[args.set][: args.limit]
    settings = {"samples": args.samples, "temperature": args.temperature, "seed": args.seed}
    figures = evaluation.evaluate(modelfile.load(args.model), images, **settings)
    print(json.dumps({"images": len(images)} | settings | figures, indent=2))


if __name__ == "__main__":
    main()
