"""sRGB <-> CIE Lab (D65, 2 degrees), and the normalisation the paper's authors published."""

from __future__ import annotations

from functools import cache

import torch

WHITE = (0.95047, 1.0, 1.08883)
RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
XYZ_TO_RGB = tuple(map(tuple, torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)).tolist()))
L_OFFSET, L_SCALE = 47.5, 25.6
AB_OFFSET, AB_SCALE = (2.4, 7.4), (11.2, 16.8)


@cache
def _constant(values: tuple, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype, device=device)


def _column(values: tuple, like: torch.Tensor) -> torch.Tensor:
    return _constant(values, like.dtype, like.device).view(1, -1, 1, 1)


def rgb_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """[N, 3, H, W] in [0, 1] -> L in [0, 100], a, b."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = _constant(RGB_TO_XYZ, rgb.dtype, rgb.device)
    xyz = torch.einsum("ij,njhw->nihw", matrix, linear) / _column(WHITE, rgb)
    f = torch.where(xyz > 216 / 24389, xyz.clamp_min(1e-8) ** (1 / 3), xyz * (841 / 108) + 4 / 29)
    x, y, z = f.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lab: torch.Tensor) -> torch.Tensor:
    """Lab -> [N, 3, H, W], clipped to [0, 1]."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    f = torch.stack([y + a / 500, y, y - b / 200], 1)
    xyz = torch.where(f > 6 / 29, f**3, (f - 4 / 29) * (108 / 841)) * _column(WHITE, lab)
    matrix = _constant(XYZ_TO_RGB, lab.dtype, lab.device)
    linear = torch.einsum("ij,njhw->nihw", matrix, xyz).clamp(0, 1)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055)


def ab_scale(like: torch.Tensor) -> torch.Tensor:
    """The units of normalised ab, [1, 2, 1, 1]."""
    return _column(AB_SCALE, like)


def normalise_l(lightness: torch.Tensor) -> torch.Tensor:
    return (lightness - L_OFFSET) / L_SCALE


def denormalise_l(lightness: torch.Tensor) -> torch.Tensor:
    return lightness * L_SCALE + L_OFFSET


def normalise_ab(ab: torch.Tensor) -> torch.Tensor:
    return (ab - _column(AB_OFFSET, ab)) / _column(AB_SCALE, ab)


def denormalise_ab(ab: torch.Tensor) -> torch.Tensor:
    return ab * _column(AB_SCALE, ab) + _column(AB_OFFSET, ab)
