"""Sheets of photographs and their colourings, to look at."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from . import data, evaluation, lab, network


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
    latents = [(torch.zeros(len(rgb), 8192), 1.0)]
    latents += [(evaluation.latents(len(rgb), generator), temperature) for _ in range(samples)]
    tiles = [rgb, evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab)))]
    for model in models:
        model.eval()
        c = model.conditions(model.features(lightness))
        tiles += [evaluation.colorize(lightness, evaluation.sample(model, c, z.to(device), t)) for z, t in latents]
    grid = torch.cat([torch.cat(list(t), 1) for t in tiles], 2)
    Image.fromarray((grid * 255 + 0.5).byte().permute(1, 2, 0).cpu().numpy()).save(path, quality=90)
