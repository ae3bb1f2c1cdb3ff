"""Fits the numbers of `HintKernel`: `python hints.py MODEL --photos DIR`.

By gradient descent on the error that the mode has once the true colours of some places are known. Half of the places
are random ones; of the others most are where the mode is wrong, as people correct what is wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from autochrome import data, evaluation, lab, modelfile, photographs

SIDE, UNIT, LIGHTNESS_UNIT, CHROMA_UNIT, SURPRISE_UNIT = 64, 6.0, 20.0, 10.0, 10.0
COUNTS = (1, 5, 10, 50)  # of known places
KINDS = 5  # of distances: place, features, their coarse part, lightness, chroma


class Kernel(nn.Module):
    """The covariance of what the mode lacks, by `Sources/Flow/Sampling/HintKernel.swift`'s names."""

    def __init__(self):
        super().__init__()
        terms = [[1.0, 1.0, 0.3, 2.0, 0.4], [0.3, 1.2, 0.3, 2.0, 0.5], [15.0, 0.1, 1.0, 0.1, 0.1], [0.1, 0.05, 2.0, 0.1, 0.15]]
        self.rates = nn.Parameter(torch.tensor(terms).log())
        self.sizes = nn.Parameter(torch.tensor([-0.5, -0.3, -0.1, -0.1]))
        self.powers = nn.Parameter(torch.tensor([0.1, 0.2, 0.5, 0.5]))
        self.object = nn.Parameter(torch.tensor([5.0, 2.0, 1.0, 1.0, 0.5]).log())
        self.surprise = nn.Parameter(torch.tensor([18.0, 3.3]).log())  # and its power
        self.drawn = nn.Parameter(torch.tensor(0.0))
        self.taper = nn.Parameter(torch.tensor([0.3, 0.03, 0.2, 0.08, 0.1]).log())
        self.noise = nn.Parameter(torch.tensor([0.5, 0.01]).log())  # absolute and relative

    def forward(self, photo: dict, places: torch.Tensor) -> torch.Tensor:
        """The mode under the true colours of the first 1, 5, … of the places, [counts, 2, P]."""
        n = len(places)
        apart = torch.stack([distances(x, places) for x in photo["features"]])

        def likeness(rates: torch.Tensor) -> torch.Tensor:
            return torch.exp(-torch.einsum("...d,dnp->...np", rates.exp(), apart))

        scale = UNIT * (self.sizes[:, None, None] + self.powers[:, None, None] * (photo["scale"] / UNIT).log()).exp()
        own = torch.einsum("jnp,jcn,jcp->cnp", likeness(self.rates), scale[:, :, places], scale)
        lacking = (photo["truth"] - photo["mode"])[:, places]
        variance = self.surprise[0].exp() * (lacking.square().sum(0) / SURPRISE_UNIT**2 + 1e-4) ** (self.surprise[1].exp() / 2)
        belonging = likeness(self.object)
        u = photo["deviations"]
        drawn = torch.einsum("kcn,kdp->cndp", u[:, :, places], u) * (2 * self.drawn).exp() * likeness(self.taper)[None, :, None]
        noise = self.noise[0].exp() + self.noise[1].exp() * photo["scale"][:, places].square()
        results = []
        for count in (c for c in COUNTS if c <= n):
            objects = torch.einsum("o,on,op->np", variance[:count], belonging[:count, places[:count]], belonging[:count])
            c = drawn[:, :count] + torch.einsum("cd,cnp->cndp", torch.eye(2), own[:, :count] + objects)
            between = c[..., places[:count]].reshape(2 * count, 2 * count) + torch.diag(noise[:, :count].reshape(-1))
            weights = torch.linalg.solve(between, lacking[:, :count].reshape(-1))
            results.append(photo["mode"] + (weights @ c.reshape(2 * count, -1)).view(2, -1))
        return torch.stack(results)


def distances(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Square distances of some places from all, [F, P] -> [n, P]."""
    own = x[:, places]
    return (own.square().sum(0)[:, None] + x.square().sum(0) - 2 * own.t() @ x).clamp(min=0)


@torch.no_grad()
def prepared(model, image: torch.Tensor, draws: int, generator: torch.Generator) -> dict:
    """All that fitting needs of a photograph, [3, S, S] uint8."""
    rgb = F.interpolate(image[None].float() / 255, size=(256, 256), mode="bicubic").clamp(0, 1)
    lightness, truth = data.split(rgb)
    features = model.features(lightness)
    c = model.conditions(features)
    shown = []
    for z in torch.cat([torch.zeros(1, 8192), evaluation.latents(draws, generator)]):
        shown.append(lab.denormalise_ab(evaluation.sample(model, c, z[None])).flatten(2))
    shown = torch.cat(shown)
    light = F.avg_pool2d(lab.denormalise_l(lightness), 4).flatten()[None]
    line = (torch.arange(SIDE) + 0.5) / SIDE
    coarse = F.interpolate(F.avg_pool2d(features, 4), scale_factor=4, mode="bilinear")
    kinds = [torch.cartesian_prod(line, line).t(), unit(features), unit(coarse), light / LIGHTNESS_UNIT, shown[0] / CHROMA_UNIT]
    return {
        "features": kinds,
        "mode": shown[0],
        "deviations": (shown[1:] - shown[1:].mean(0)) / draws**0.5,
        "scale": (c["affine"][1].exp() * lab.ab_scale(lightness))[0].flatten(1),
        "truth": lab.denormalise_ab(truth)[0].flatten(1),
        "lightness": light,
    }


def unit(features: torch.Tensor) -> torch.Tensor:
    """[1, F, 64, 64] -> [F, P], a place's mean square being 1."""
    x = features[0].flatten(1)
    return x / x.square().sum(0).mean().clamp(min=1e-12).sqrt()


def errors(photo: dict, chroma: torch.Tensor) -> torch.Tensor:
    """100 times the RMSE in sRGB at 64x64 of colourings [N, 2, P]."""

    def rgb(ab: torch.Tensor) -> torch.Tensor:
        light = photo["lightness"][None].expand(len(ab), 1, -1)
        return lab.lab_to_rgb(torch.cat([light, ab], 1).view(-1, 3, SIDE, SIDE))

    return 100 * (rgb(chroma) - rgb(photo["truth"][None])).square().mean((1, 2, 3)).clamp(min=1e-8).sqrt()


def chosen(photo: dict, generator: torch.Generator) -> torch.Tensor:
    """Places whose colours are revealed: fifty random ones, or five where the mode is wrong."""
    if torch.rand(1, generator=generator) < 0.6:
        return torch.randperm(SIDE * SIDE, generator=generator)[: max(COUNTS)]
    wrong = (photo["truth"] - photo["mode"]).square().sum(0) + 1e-3
    return torch.multinomial(wrong, 5, generator=generator)


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("model", type=Path)
    p.add_argument("--photos", type=Path, required=True, help="folder with the shards")
    p.add_argument("--cache", type=Path, default=Path("checkpoints/cache"))
    p.add_argument("--count", type=int, default=120, help="photographs; a quarter of them is held back")
    p.add_argument("--draws", type=int, default=32)
    p.add_argument("--steps", type=int, default=300)
    args = p.parse_args()
    torch.set_flush_denormal(True)
    generator = torch.Generator().manual_seed(1)
    model = modelfile.load(args.model)
    pool = photographs.mixture(args.photos, args.cache, {"photo192": 1.0})[0]
    images = pool.draw(torch.rand(args.count, generator=generator))
    photos = [prepared(model, image, args.draws, generator) for image in images]
    before = torch.stack([errors(q, q["mode"][None])[0] for q in photos]).mean()
    held_back, taught = photos[::4], [q for i, q in enumerate(photos) if i % 4]
    kernel = Kernel()
    optimiser = torch.optim.Adam(kernel.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [args.steps // 2, args.steps * 4 // 5], 0.3)
    for step in range(args.steps):
        optimiser.zero_grad()
        for i in torch.randint(len(taught), (8,), generator=generator).tolist():
            q = taught[i]
            ((errors(q, kernel(q, chosen(q, generator))) / before).mean() / 8).backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 49:
            with torch.no_grad():
                places = [torch.randperm(SIDE * SIDE, generator=torch.Generator().manual_seed(i))[:50] for i in range(len(held_back))]
                left = torch.stack([errors(q, kernel(q, at)) for q, at in zip(held_back, places)]).mean(0)
                without = torch.stack([errors(q, q["mode"][None]) for q in held_back]).mean()
                print(f"step {step + 1}: lower by {[round(x, 1) for x in (100 * (1 - left / without)).tolist()]} % with {COUNTS}")
    for name, value in kernel.named_parameters():
        print(name, (value if name == "powers" else value.exp()).tolist())


if __name__ == "__main__":
    main()
