"""Draws the same photographs through one model or several, beside each other.

`python sheet.py MODEL... --photos DIR --output F.jpg`: each row is a validation photograph, then the gray one, and for each
model its mode and some samples, all models with the same latent vectors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image

from autochrome import data, evaluation, lab, modelfile, network


@torch.no_grad()
def draw(
    models: list[network.Colorizer],
    images: torch.Tensor,
    path: Path,
    samples: int = 6,
    temperature: float = 1.0,
) -> None:
    """Writes the sheet of [N, 3, 256, 256] uint8 images; the models are on one device, and in evaluation mode after it."""
    device = next(models[0].parameters()).device
    rgb = images.to(device).float() / 255
    lightness, ab = data.split(rgb)
    generator = torch.Generator().manual_seed(7)
    latents = [torch.zeros(len(rgb), 8192)]
    latents += [evaluation.latents(len(rgb), temperature, generator) for _ in range(samples)]
    tiles = [rgb, evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab)))]
    for model in models:
        model.eval()
        c = model.conditions(model.features(lightness))
        tiles += [evaluation.colorize(lightness, evaluation.sample(model, c, z.to(device))) for z in latents]
    grid = torch.cat([torch.cat(list(t), 1) for t in tiles], 2)
    Image.fromarray((grid * 255 + 0.5).byte().permute(1, 2, 0).cpu().numpy()).save(path, quality=90)


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("models", type=Path, nargs="+")
    p.add_argument("--photos", type=Path, required=True, help="folder with the validation256 shards")
    p.add_argument("--output", type=Path, required=True)
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--images", type=int, nargs="+", default=list(range(8)), help="numbers of photographs")
    p.add_argument("--samples", type=int, default=2)
    p.add_argument("--temperature", type=float, default=1.0)
    args = p.parse_args()
    images = data.load_shards(args.photos, "validation256-*", 256, args.cache)[args.images]
    draw([modelfile.load(m) for m in args.models], images, args.output, args.samples, args.temperature)


if __name__ == "__main__":
    main()
