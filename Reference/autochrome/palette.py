"""A distribution over colour classes beside the regression, after Zhang et al. 2016: its peaks are livelier than a mean."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from . import lab

STEP = 10.0  # between classes, in a and in b
NEIGHBOURS, SOFTNESS = 5, 5.0  # a place's colour counts for so many classes, by a Gaussian of this width
EVEN = 0.5  # share of an even distribution in that which classes are weighed against: rare ones count more
TEMPERATURE = 0.38  # of the annealed mean


def classes() -> torch.Tensor:
    """The points of a grid in ab [K, 2] that are near a colour of sRGB."""
    levels = torch.linspace(0, 1, 33)
    cube = torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, 1, -1)
    near = (lab.rgb_to_lab(cube)[0, 1:, 0].T / STEP).round()
    return near.unique(dim=0) * STEP


class Palette(nn.Module):
    """Features [N, C, 64, 64] -> logits of colour classes [N, K, 64, 64]; only training has it."""

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("centres", classes())
        count = len(self.centres)
        self.register_buffer("frequency", torch.full((count,), 1 / count))  # of each class in photographs, running mean
        self.conv0 = nn.Conv2d(features, features, 3, padding=1)
        self.conv1 = nn.Conv2d(features, count, 1)
        nn.init.normal_(self.conv1.weight, std=1e-2)
        nn.init.zeros_(self.conv1.bias)

    def forward(self, features: torch.Tensor, stride: int = 1) -> torch.Tensor:
        """With a stride the logits of every so manyth place, which are the same."""
        x = F.conv2d(features, self.conv0.weight, self.conv0.bias, stride, 1)
        return self.conv1(F.leaky_relu(x, 0.01)).float()

    def loss(self, features: torch.Tensor, ab: torch.Tensor) -> torch.Tensor:
        """Cross entropy with normalised ab [N, 2, 64, 64] at every second place, in nats; rare classes count more."""
        logits = self(features, 2).permute(0, 2, 3, 1).flatten(0, 2)
        colours = lab.denormalise_ab(ab[:, :, ::2, ::2].float()).permute(0, 2, 3, 1).flatten(0, 2)
        with torch.no_grad():
            distance, near = torch.cdist(colours, self.centres).topk(NEIGHBOURS, largest=False)
            shares = torch.softmax(-distance.square() / (2 * SOFTNESS**2), 1)
            if self.training:
                seen = torch.zeros_like(self.frequency).scatter_add_(0, near.flatten(), shares.flatten())
                self.frequency.lerp_(seen / seen.sum(), 0.01)
            weights = 1 / ((1 - EVEN) * self.frequency + EVEN / len(self.centres))
            weights = (weights / (weights * self.frequency).sum())[near[:, 0]]
        entropies = -(shares * logits.log_softmax(1).gather(1, near)).sum(1)
        return (weights * entropies).mean()

    def annealed(self, features: torch.Tensor, temperature: float = TEMPERATURE) -> torch.Tensor:
        """Normalised ab [N, 2, 64, 64]: the mean of the distribution made sharper, between the mean and the likeliest class."""
        shares = torch.softmax(self(features) / temperature, 1)
        return lab.normalise_ab(torch.einsum("nkhw,kc->nchw", shares, self.centres))
