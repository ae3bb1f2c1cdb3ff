"""Tells draws from photographs while the flow is trained, so that likelihood is not alone to say which colours go together."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    """Small heads on what a fixed classifier sees at strides 8, 16 and 32 ("Projected GANs", Sauer et al. 2021).

    The classifier's channels are mixed at random once, so that no head keeps to the few that tell most.
    """

    CHANNELS = 64

    def __init__(self, channels: list[int]):
        super().__init__()
        self.mixing = nn.ModuleList(nn.Conv2d(n, self.CHANNELS, 1, bias=False) for n in channels[1:])
        self.mixing.requires_grad_(False)
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(self.CHANNELS, self.CHANNELS, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(self.CHANNELS, 1, 1)),
            )
            for _ in self.mixing
        )

    def forward(self, taps: list[torch.Tensor]) -> list[torch.Tensor]:
        """A classifier's outputs at four strides -> how much each place of the last three is like a photograph."""
        scores = []
        for tap, mixing, head in zip(taps[1:], self.mixing, self.heads):
            seen = mixing(tap)
            scores.append(head(seen / (seen.float().pow(2).mean(1, keepdim=True) + 1e-4).sqrt()).float())
        return scores

    def told_apart(self, real: list[torch.Tensor], drawn: list[torch.Tensor]) -> torch.Tensor:
        """How ill photographs and draws of the same L are told apart, 0.69 by chance (Jolicoeur-Martineau 2018, equation 7)."""
        pairs = zip(self(real), self(drawn))
        return torch.stack([F.softplus(b - a).mean() for a, b in pairs]).mean()
