"""How the conditioning network is trained: alone, to predict chroma, before the flow takes its features."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from . import data, efficientnet, evaluation, initialisation, lab, network
from .devices import autocast


def loss_of(
    model: network.Colorizer,
    lightness: torch.Tensor,
    ab: torch.Tensor,
    judge: efficientnet.Judge | None,
    weight: float,
    classes: efficientnet.Classes | None,
    naming: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The regression's; with a judge also what a classifier makes of its colours, for the first half of the batch, and
    with `classes` whether the encoder itself still recognises that, after Iizuka et al. 2016. `naming` weighs the palette's."""
    taps = model.conditioning.encoder(lightness) if classes else None
    features = model.conditioning.pyramid(taps) if classes else model.features(lightness)
    mean, scale = model.regression(features)
    loss, error = regression_loss(mean, scale, ab)
    if naming:
        loss = loss + naming * model.palette.loss(features, ab)
    if judge is None:
        return loss, error
    few = len(ab) // 2
    with torch.autocast(ab.device.type, enabled=False):
        shown, truth = (evaluation.colorize(lightness[:few], x[:few].float()) for x in (mean, ab))
    with torch.no_grad():
        seen = judge(truth)
    loss = loss + weight * efficientnet.divergence(judge(shown), seen)
    if classes:
        loss = loss + weight / 3 * efficientnet.divergence(classes(taps[-1][:few]), seen)
    return loss, error


def regression_loss(mean, scale, ab):
    """Error of the mean in units of about one standard deviation, likelihood of the scale alone.

    The error is each picture's root mean square, as it is judged: one wild picture does not outweigh twenty.
    """
    unit = lab.ab_scale(ab) / 14
    error = (((mean - ab) * unit).pow(2).mean((1, 2, 3)) + 1e-6).sqrt().mean()
    residual = (mean.detach() - ab).pow(2)
    likelihood = (0.5 * residual * (-2 * scale).exp() + scale).mean()
    return error + 0.2 * likelihood, error


@torch.no_grad()
def estimate_norms(model: network.Colorizer, pictures: Iterable[torch.Tensor]) -> None:
    """The statistics of the conditioning network's norms anew, from L alone.

    Those gathered while training are of the networks that stochastic depth leaves, and the mean of several weights' statistics
    is not that of their mean (Izmailov et al. 2018).
    """
    model.eval()
    norms = [m for m in model.conditioning.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with initialisation.measuring(norms):
        for lightness in pictures:
            with autocast(lightness.device.type):
                model.features(lightness.contiguous(memory_format=torch.channels_last))


@torch.no_grad()
def validate(model: network.Colorizer, images: torch.Tensor) -> dict[str, float]:
    """The errors of gray and of the regression of RGB images [N, 3, 256, 256] in bytes, and its colourfulness for their 1.

    With a palette the same of its annealed mean.
    """
    model.eval()
    device = next(model.parameters()).device
    found: dict[str, list] = {}
    for part in images.split(24):
        rgb = part.to(device).float() / 255
        lightness, ab = data.split(rgb)
        features = model.features(lightness)
        chroma = {"gray": lab.normalise_ab(torch.zeros_like(ab)), "regression": model.regression(features)[0]}
        if hasattr(model, "palette"):
            chroma["annealed"] = model.palette.annealed(features)
        for name, x in chroma.items():
            shown = evaluation.colorize(lightness, x)
            figures = torch.stack([evaluation.rmse(shown, rgb), evaluation.colourfulness(shown)], 1)
            found.setdefault(name, []).append(figures)
        found.setdefault("truth", []).append(evaluation.colourfulness(rgb))
    true = torch.cat(found.pop("truth")).mean().item()
    row = {}
    for name, parts in found.items():
        error, own = torch.cat(parts).mean(0).tolist()
        row[name] = round(error, 4)
        if name != "gray":
            row[f"{name}_colourfulness"] = round(own / true, 4)
    return row
