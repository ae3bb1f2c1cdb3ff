"""What guides the samples beside the likelihood while the flow is trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import efficientnet, evaluation, network
from .discriminator import Discriminator

LIMIT = 0.3  # about as long as the likelihood's own gradient; where the control of the spread begins


@dataclass(frozen=True)
class Weights:
    """How much each part of what guides counts beside the tie of the mode to the regression."""

    energy: float  # of two samples' energy score
    judge: float  # of what the judge sees in mode and sample, in nats
    realism: float  # of what the discriminator tells samples by


def guidance_loss(
    model: network.Colorizer,
    c: dict,
    lightness: torch.Tensor,
    chroma: torch.Tensor,
    count: int,
    judge: efficientnet.Judge | None,
    discriminator: Discriminator | None,
    weights: Weights,
    samples: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What likelihood alone leaves loose, for the first images of a batch: the mode and, if asked, the spread of the samples.

    The picture of z = 0 is tied to the network's own regression: chroma is heavy-tailed, its most likely value is not its
    mean, and the mode drifts to gray. The distance is taken between pictures, since the few coarse latents that make most
    of a picture count little in z. Two samples are scored against the truth as they are shown. What ran away in any of the
    pictures gives no gradient instead of an endless one. With a judge, the mode and a sample shall show what the photograph
    shows; with a discriminator, which looks through the judge's eyes, a sample shall pass for the photograph. Beside the loss,
    the mean squares of two samples' distance from each other and from the truth, and the discriminator's own loss.
    """
    pictures = 3 if samples else 1
    part = {k: tuple(x[:count].repeat(pictures, 1, 1, 1) for x in c[k]) for k in c if k == "affine"}
    part |= {k: [x[:count].repeat(pictures, 1, 1, 1) for x in v] for k, v in c.items() if isinstance(v, list)}
    part[5] = c[5][:count].repeat(pictures, 1)
    z = torch.randn(pictures * count, 8192, device=chroma.device)
    z[:count] = 0
    beyond: list[torch.Tensor] = []
    drawn = model.inverse(z, part, beyond)
    mean, scale = part["affine"]
    drawn = torch.where((drawn - mean).abs() > 8 * scale.exp(), drawn.detach(), drawn)
    loss = 2 * (drawn[:count] - mean[:count].detach()).pow(2).mean() + sum(beyond)
    if not samples:
        return loss, drawn.new_zeros(2), drawn.new_zeros(())
    with torch.autocast(chroma.device.type, enabled=False):
        own = {"affine": tuple(x[:count] for x in c["affine"]), "features": c["features"][:count]}
        model.compare(own)
        part["weights"] = own["weights"].repeat(pictures, 1, 1)
        part["settled"] = own["settled"].repeat(pictures, 1, 1, 1)
        mode, first, second = model.shown(drawn, part).chunk(3)
    truth = chroma[:count]
    between, off = (first - second).pow(2).mean(), torch.cat([first - truth, second - truth]).pow(2).mean()
    spread = torch.stack([between, off]).detach()
    loss = loss + weights.energy * energy_score(first, second, truth)
    if judge is None:
        return loss, spread, spread.new_zeros(())
    with torch.autocast(chroma.device.type, enabled=False):
        shown = torch.cat([evaluation.colorize(lightness[:count], x) for x in (mode, first)])
        truth = evaluation.colorize(lightness[:count], truth)
    shown, truth = (F.interpolate(x, size=(192, 192), mode="bilinear", antialias=True) for x in (shown, truth))
    with torch.no_grad():
        real = judge.taps_of(truth)
        seen = judge.classes(real[-1]).repeat(2, 1)
    taps = judge.taps_of(shown)
    loss = loss + weights.judge * efficientnet.divergence(judge.classes(taps[-1]), seen)
    if discriminator is None:
        return loss, spread, spread.new_zeros(())
    sample = [tap[count:] for tap in taps]
    loss = loss + weights.realism * discriminator.told_apart(sample, real)
    return loss, spread, discriminator.told_apart(real, [tap.detach() for tap in sample])


def cut_gradients(
    loss: torch.Tensor, parameters: list[torch.nn.Parameter], limit: torch.Tensor
) -> tuple[list[torch.Tensor | None], torch.Tensor]:
    """The gradients of what guides, together at most `limit` long, 0 if they are not finite, and the share they were cut to.

    A sample that runs away has gradients of any length; uncut they would outweigh the likelihood's.
    """
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    flat = torch.cat([g.flatten().float() for g in gradients if g is not None])
    size = flat.norm()
    share = (limit / size.clamp(min=1e-12)).clamp(max=1).nan_to_num(0)
    flat = (flat * share).masked_fill(share == 0, 0)
    parts = iter(flat.split([g.numel() for g in gradients if g is not None]))
    return [g if g is None else next(parts).view(g.shape) for g in gradients], share


def energy_score(first: torch.Tensor, second: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Gneiting & Raftery 2007, equation 22, of the colour at each place of the picture at three scales.

    It is least where samples are distributed as the truth is. Likelihood hardly sees a garish patch; this does.
    """

    def distance(a: torch.Tensor, b: torch.Tensor, scale: int) -> torch.Tensor:
        return (F.avg_pool2d(a - b, scale).pow(2).sum(1) + 1e-6).sqrt().mean()

    scores = [
        0.5 * (distance(first, truth, s) + distance(second, truth, s) - distance(first, second, s)) for s in (1, 4, 16)
    ]
    return sum(scores)
