"""Non-local means of the regression and of what a sample adds to it: colours follow objects and not the flow's grid.

Buades et al. 2005, with the conditioning network's features for the patches' likeness: places that the network sees alike,
and that are near each other, get colours that are alike.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

SIDE = 32  # of the grid that deviations are averaged on
BANDWIDTH = 0.5  # of the features' distance, in units of their root mean square
REACH = 0.25  # of the distance in the picture, in units of its side
GAIN = 1.4  # gives back the spread that averaging takes


def weights(features: torch.Tensor) -> torch.Tensor:
    """[N, F, 64, 64] -> each place's weights of all places, [N, SIDE², SIDE²]; rows sum to 1."""
    f = pooled(features).flatten(2)
    f = f / f.square().mean((1, 2), keepdim=True).clamp(min=1e-12).sqrt()
    norms = f.square().mean(1)
    apart = norms[:, :, None] + norms[:, None] - 2 * f.transpose(1, 2) @ f / f.shape[1]
    line = torch.arange(SIDE, device=f.device) / SIDE
    places = torch.cartesian_prod(line, line)
    far = (places[:, None] - places[None]).square().sum(2)
    return (-apart / (2 * BANDWIDTH**2) - far / (2 * REACH**2)).softmax(2)


def narrowed(weights: torch.Tensor) -> torch.Tensor:
    """The weights of a bandwidth and a reach 1/√8 times as wide."""
    narrow = weights.pow(8)
    return narrow / narrow.sum(2, keepdim=True)


def averaged(x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """[N, C, 64, 64] averaged by the weights of as many images, without detail finer than the grid."""
    return enlarged(pooled(x).flatten(2) @ weights.transpose(1, 2))


def pooled(x: torch.Tensor) -> torch.Tensor:
    return F.adaptive_avg_pool2d(x.float(), SIDE)


def enlarged(coarse: torch.Tensor) -> torch.Tensor:
    return F.interpolate(coarse.unflatten(2, (SIDE, SIDE)), scale_factor=2, mode="bilinear", align_corners=False)


def settled(mean: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """[N, 2, 64, 64]: the regression with its coarse part averaged among its like, fine detail as it is."""
    coarse = pooled(mean).flatten(2)
    return mean + enlarged(coarse @ narrowed(weights).transpose(1, 2) - coarse)
