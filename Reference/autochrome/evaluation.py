"""The figures of merit, per image, as the paper's authors compute them: RGB in [0, 1] at 256x256."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from . import data, lab, network


def colorize(lightness: torch.Tensor, ab: torch.Tensor) -> torch.Tensor:
    """Normalised L [N, 1, 4S, 4S] and ab [N, 2, S, S] -> RGB; chroma upsampled bilinearly."""
    ab = F.interpolate(lab.denormalise_ab(ab), size=lightness.shape[-2:], mode="bilinear", align_corners=False)
    return lab.lab_to_rgb(torch.cat([lab.denormalise_l(lightness), ab], 1))


def sample(model: network.Colorizer, c: dict, z: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """The chroma of a latent vector as the program shows it.

    What a draw adds to the regression is multiplied by the temperature. Latent vectors are so only where there is none: nearer
    to 0 than any that the flow was trained with, they are of other colours, and not only of fainter ones.
    """
    z = z if model.regression is not None else temperature * z
    return model.shown(model.inverse(z, c), c, temperature)


def latents(count: int, generator: torch.Generator) -> torch.Tensor:
    """Draws, [count, 8192]."""
    return torch.randn(count, sum(network.LATENT), generator=generator)


def rmse(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return 100 * (a - b).pow(2).mean((1, 2, 3)).sqrt()


def colourfulness(rgb: torch.Tensor) -> torch.Tensor:
    """How colourful pictures [N, 3, H, W] in [0, 1] look, 0 for gray (Hasler and Suesstrunk 2003, M3), [N]."""
    red, green, blue = (255 * rgb).flatten(2).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])
    return opponents.std(2, unbiased=False).norm(dim=0) + 0.3 * opponents.mean(2).norm(dim=0)


@torch.no_grad()
def evaluate(
    model: network.Colorizer,
    images: torch.Tensor,
    samples: int,
    temperature: float,
    seed: int,
    batch: int = 20,
) -> dict:
    """Mean and standard error of each figure over [N, 3, 256, 256] uint8 images."""
    model.eval()
    device = next(model.parameters()).device
    rows: dict[str, list] = {}
    generator = torch.Generator().manual_seed(seed)
    for start in range(0, len(images), batch):
        rgb = images[start : start + batch].to(device).float() / 255
        lightness, ab = data.split(rgb)
        c = model.conditions(model.features(lightness))
        gray = colorize(lightness, lab.normalise_ab(torch.zeros_like(ab)))
        constant = colorize(lightness, torch.zeros_like(ab))
        mode = colorize(lightness, sample(model, c, torch.zeros(len(rgb), 8192, device=device)))
        draws = torch.stack(
            [
                colorize(lightness, sample(model, c, latents(len(rgb), generator).to(device), temperature))
                for _ in range(samples)
            ]
        )
        squared = (draws - rgb).pow(2)
        noisy = ab + 0.05 * torch.randn(ab.shape, generator=generator).to(device)
        nll = network.nll_per_dimension(*model(noisy, c))
        figures = {
            "gray": rmse(gray, rgb),
            "constant": rmse(constant, rgb),
            "mode": rmse(mode, rgb),
            "of_1": torch.stack([rmse(d, rgb) for d in draws]).mean(0),  # which any one of them estimates
            "best_of_n": 100 * squared.min(0).values.mean((1, 2, 3)).sqrt(),
            "mean": rmse(draws.mean(0), rgb),
            "variance": 1e4 * draws.var(0, unbiased=False).mean((1, 2, 3)),
            "nll_per_dim": nll,
            "bits_per_dim": nll / math.log(2),
        }
        if "affine" in c:
            figures["regression"] = rmse(colorize(lightness, c["affine"][0]), rgb)
        for key, value in figures.items():
            rows.setdefault(key, []).append(value.cpu())
    out = {}
    for key, parts in rows.items():
        v = torch.cat(parts)
        out[key] = {"mean": v.mean().item(), "error": (v.std() / len(v) ** 0.5).item()}
    return out
