"""What guides the samples beside the likelihood while the flow is trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import efficientnet, evaluation, network
from .discriminator import Discriminator

LIMIT = 0.4  # of its gradient's length; the likelihood's own is about half as long
SPREADING = 0.1  # where the weight that holds samples apart begins, and between what it stays
SPREADING_RANGE = (0.005, 5.0)


@dataclass(frozen=True)
class Weights:
    """How much each part of what guides counts beside the tie of the mode to the regression."""

    energy: float  # of two samples' energy score
    judge: float  # of what the judge sees in samples, in nats
    realism: float  # of what the discriminator tells samples by


@dataclass
class Guidance:
    """What guides a batch's samples, and what is seen of them."""

    loss: torch.Tensor
    spread: torch.Tensor  # the mean squares of two samples' distance from each other and from the truth
    judged: torch.Tensor  # the divergence of what the judge sees in samples from what it sees in photographs, nats
    apart: torch.Tensor  # what the discriminator minimises


def guidance_of(
    model: network.Colorizer,
    c: dict,
    lightness: torch.Tensor,
    chroma: torch.Tensor,
    count: int,
    judge: efficientnet.Judge | None,
    discriminator: Discriminator | None,
    weights: Weights,
    spreading: torch.Tensor,
    samples: bool,
) -> Guidance:
    """What likelihood alone leaves loose, for the first images of a batch: the mode and, if asked, two samples of each.

    The picture of z = 0 is tied to the network's own regression: chroma is heavy-tailed, its most likely value is not its
    mean, and the mode drifts to gray. The distance is taken between pictures, since the few coarse latents that make most
    of a picture count little in z. Samples are scored against the truth as they are shown. What ran away in any of the
    pictures gives no gradient instead of an endless one. With a judge, samples shall show what the photograph shows; with a
    discriminator, which looks through the judge's eyes, they shall pass for the photograph. The judge would rather have them
    all alike, hence `spreading`, the weight of how near to each other they are beside how far from the truth.
    """
    modes = max(1, count // 4) if samples else count  # once tied it hardly strays
    counts = [modes, count, count] if samples else [modes]

    def repeated(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[:n] for n in counts])

    part = {k: [repeated(x) for x in v] for k, v in c.items() if isinstance(v, (list, tuple))}
    part[5] = repeated(c[5])
    z = torch.randn(sum(counts), 8192, device=chroma.device)
    z[:modes] = 0
    beyond: list[torch.Tensor] = []
    drawn = model.inverse(z, part, beyond)
    mean, scale = part["affine"]
    drawn = torch.where((drawn - mean).abs() > 8 * scale.exp(), drawn.detach(), drawn)
    loss = 2 * (drawn[:modes] - mean[:modes].detach()).pow(2).mean() + sum(beyond)
    nothing = loss.new_zeros(())
    if not samples:
        return Guidance(loss, nothing.repeat(2), nothing, nothing)
    with torch.autocast(chroma.device.type, enabled=False):
        own = {"affine": tuple(x[:count] for x in c["affine"]), "features": c["features"][:count]}
        first, second = (model.shown(x, own) for x in drawn[modes:].chunk(2))
    truth = chroma[:count]
    between, off = (first - second).pow(2).mean(), torch.cat([first - truth, second - truth]).pow(2).mean()
    loss = loss + weights.energy * energy_score(first, second, truth) + spreading * (off / between.clamp(min=1e-6)).log()
    spread = torch.stack([between, off]).detach()
    if judge is None:
        return Guidance(loss, spread, nothing, nothing)
    with torch.autocast(chroma.device.type, enabled=False):
        shown = torch.cat([evaluation.colorize(lightness[:count], x) for x in (first, second)])
        truth = evaluation.colorize(lightness[:count], truth)
    shown, truth = (F.interpolate(x, size=(192, 192), mode="bilinear", antialias=True) for x in (shown, truth))
    with torch.no_grad():
        real = judge.taps_of(truth)
        seen = judge.classes(real[-1])
    taps = judge.taps_of(shown)
    judged = efficientnet.divergence(judge.classes(taps[-1]), seen.repeat(2, 1))
    loss = loss + weights.judge * judged
    if discriminator is None:
        return Guidance(loss, spread, judged.detach(), nothing)
    real = [tap.repeat(2, 1, 1, 1) for tap in real]
    loss = loss + weights.realism * discriminator.told_apart(taps, real)
    return Guidance(loss, spread, judged.detach(), discriminator.told_apart(real, [tap.detach() for tap in taps]))


def cut_gradients(
    loss: torch.Tensor, parameters: list[torch.nn.Parameter], limit: float
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
