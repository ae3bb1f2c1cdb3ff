"""Where the flow's training starts: data-dependent, after Kingma & Dhariwal 2018, and further, or with a narrower flow.

Zero weights leave the flow an orthogonal transform. Biases that bring every channel to scale 1, and linear predictions
in the dense level, make it a Gaussian model of the chroma instead, from which training goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from . import network

LIMIT = network.ALPHA_COLOR


def raw_scale(log_scale: torch.Tensor) -> torch.Tensor:
    """The value before the soft clamp that gives a log scale."""
    return LIMIT * torch.tan(log_scale.clamp(-1.2, 1.2) / (LIMIT * 0.636))


def initialise_channels(model: network.Colorizer, chroma: torch.Tensor, c: dict) -> None:
    """Biases of the unconditional blocks that bring each channel to mean 0 and scale 1 on a batch."""

    def fit(f: torch.nn.Module, x: torch.Tensor) -> None:
        log_scale = -(x.std((0, 2, 3)) + 1e-4).log().clamp(-1.2, 1.2)
        f.conv2.bias.data.copy_(torch.cat([raw_scale(log_scale), -x.mean((0, 2, 3)) * log_scale.exp()]))

    def hook(block, args):
        x1, x2 = network.rotate(args[0], block.rotation).chunk(2, 1)
        fit(block.coefficients2, x1)
        fit(block.coefficients1, x2)

    blocks = [b for level in network.LEVELS for b in getattr(model, f"level{level}").unconditional]
    handles = [b.register_forward_pre_hook(hook) for b in blocks]
    with torch.no_grad():
        model(chroma, c)
    for handle in handles:
        handle.remove()


@torch.no_grad()
def initialise_dense(model: network.Colorizer, x: torch.Tensor, ridge: float = 0.1) -> None:
    """Makes the dense level whiten its input [N, 512]: each half is predicted linearly from the other, block by block."""
    for block in model.level5.conditional:
        x1, x2 = x.chunk(2, 1)
        y1 = predict(block.coefficients2, x2, x1, ridge)
        y2 = predict(block.coefficients1, y1, x2, ridge)
        x = torch.cat([y1, y2], 1)[:, block.permutation]


def predict(f: network.DenseCoefficients, source: torch.Tensor, target: torch.Tensor, ridge: float) -> torch.Tensor:
    """Sets f to subtract the best low-rank linear prediction of the target and to bring what is left to scale 1.

    A pair of ReLUs carries a direction of the source: v = relu(v) - relu(-v).
    """
    n, hidden = len(source), f.linear0.out_features
    rank = hidden // 2
    mean1, mean2 = target.mean(0), source.mean(0)
    s, t = source - mean2, target - mean1
    gram = s.T @ s / n
    gram += ridge * gram.diagonal().mean() * torch.eye(len(gram))
    weights = torch.linalg.solve(gram, s.T @ t / n)  # [source, target]
    # Reduced rank: the directions in which the predictions vary most.
    _, _, v = torch.linalg.svd(s @ weights, full_matrices=False)
    v = v[:rank].T
    rest = t - (s @ weights) @ v @ v.T
    log_scale = -(rest.std(0) + 1e-4).log().clamp(-1.2, 1.2)
    directions = (weights @ v).T  # [rank, source]
    pairs = torch.cat([directions, -directions])
    for layer in (f.linear0, f.linear1, f.linear2, f.linear3):
        layer.weight.mul_(0.05)
        layer.bias.zero_()
    f.linear0.weight[:, : source.shape[1]].copy_(pairs)
    f.linear0.weight[:, source.shape[1] :].zero_()
    f.linear0.bias.copy_(-pairs @ mean2)
    for layer in (f.linear1, f.linear2):
        layer.weight.copy_(torch.eye(hidden))
    f.linear3.weight.zero_()
    d = target.shape[1]
    f.linear3.weight[d:].copy_(-log_scale.exp()[:, None] * torch.cat([v, -v], 1))
    f.linear3.bias.copy_(torch.cat([raw_scale(log_scale), -mean1 * log_scale.exp()]))
    return rest * log_scale.exp()


@torch.no_grad()
def dense_inputs(model: network.Colorizer, batches) -> torch.Tensor:
    """What reaches the dense level, [N, 512], for batches of (L at 256x256, noisy chroma)."""
    seen = []
    handle = model.level5.conditional[0].register_forward_pre_hook(lambda _, args: seen.append(args[0].float().cpu()))
    for lightness, chroma in batches:
        model(chroma, model.conditions(model.features(lightness)))
    handle.remove()
    return torch.cat(seen)


@contextmanager
def measuring(norms: Iterable[nn.Module]) -> Iterator[None]:
    """Batch norms whose statistics become the mean of all that passes through, whatever they were; evaluating afterwards."""
    norms = list(norms)
    momenta = [m.momentum for m in norms]
    for m in norms:
        m.reset_running_stats()
        m.momentum = None  # the mean of all
        m.train()
    yield
    for m, momentum in zip(norms, momenta):
        m.momentum = momentum
        m.eval()


@torch.no_grad()
def widen(model: network.Colorizer, weights: dict[str, torch.Tensor], pictures: Iterable[torch.Tensor]) -> None:
    """Gives a model what a narrower one has learned, so that both compute the same (after Chen et al. 2016, Net2Net).

    What is new is drawn as in any network, but nothing that was there takes anything from it yet. `pictures`, normalised L,
    show the new channels' norms their statistics.
    """
    wide = model.state_dict()  # the model's own memory
    for name, value in weights.items():
        corner = tuple(slice(n) for n in value.shape)
        if value.dim() > 1:
            wide[name][corner[0], value.shape[1] :] = 0
        wide[name][corner] = value
    model.eval()
    norms = {n: m for n, m in model.named_modules() if "head" in n and isinstance(m, nn.modules.batchnorm._BatchNorm)}
    with measuring(norms.values()):
        for lightness in pictures:
            model.conditions(model.features(lightness))
    for n, m in norms.items():
        for statistic in ("running_mean", "running_var"):
            known = weights[f"{n}.{statistic}"]
            getattr(m, statistic)[: len(known)] = known
