"""Batches of photographs for training: mixtures, crops, flips, mosaics, and what age and scanning do."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import lab


@dataclass
class Pool:
    """Photographs that are drawn equally often, and how often one of them is beside other pools' weights."""

    images: torch.Tensor  # [N, 3, S, S] uint8
    weight: float = 1.0
    places: torch.Tensor | None = None  # those that may be drawn; None for all

    def draw(self, places: torch.Tensor) -> torch.Tensor:
        """The photographs at places from 0 to less than 1."""
        count = len(self.images if self.places is None else self.places)
        chosen = (places * count).long().clamp(max=count - 1)
        if self.places is not None:
            self.places = self.places.to(chosen.device)
            chosen = self.places[chosen]
        return self.images[chosen]


class Batches:
    """Random crops, flips and tones as normalised (L at `size`, ab at `size` / 4), endless and seeded.

    Each picture is of one of the pools, as often as their weights say, whatever they hold. With `tiny` images the last
    `mosaics` pictures of a batch are four of those each, side by side: at their size one alone would have to be blurred
    fourfold.
    """

    def __init__(
        self, pools: list[Pool], batch: int, device: str, seed: int, tiny: torch.Tensor | None = None, mosaics: int = 0
    ):
        self.pools, self.batch, self.device = pools, batch, device
        moved = {id(pool.images): pool.images.to(device) for pool in pools}  # once where several pools are of the same
        for pool in pools:
            pool.images = moved[id(pool.images)]
        self.tiny, self.mosaics = tiny if tiny is None else Pool(tiny.to(device)), mosaics
        self.generator = torch.Generator(device).manual_seed(seed)
        weights = torch.tensor([pool.weight for pool in pools], device=device)
        self.ends = weights.cumsum(0) / weights.sum()

    def uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        """One number for each picture, [N, 1, 1, 1], or of another shape."""
        shape = shape or (self.batch, 1, 1, 1)
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape or (self.batch, 1, 1, 1), generator=self.generator, device=self.device)

    def mixed(self, count: int, size: int, smallest: float) -> torch.Tensor:
        """Crops of pictures of all pools, shuffled, as a judge may see half of a batch only."""
        if len(self.pools) == 1:
            return self.crops(self.pools[0], count, size, smallest)
        places = (torch.arange(count, device=self.device) + self.uniform(0, 1, 1)) / count  # each pool has its share, to one
        owners = torch.bucketize(places, self.ends, right=True).clamp(max=len(self.pools) - 1).tolist()
        parts = [self.crops(pool, owners.count(i), size, smallest) for i, pool in enumerate(self.pools) if i in owners]
        order = torch.randperm(count, generator=self.generator, device=self.device)
        return torch.cat(parts)[order]

    def crops(self, pool: Pool, count: int, size: int, smallest: float) -> torch.Tensor:
        """Squares of at least `smallest` of a side, enlarged to `size`, some of them mirrored."""
        full = pool.images.shape[-1]
        chosen = pool.draw(self.uniform(0, 1, count))
        side = self.uniform(int(full * smallest), full + 1, count, 1).floor()
        rows, columns = ((self.uniform(0, 1, count, 1) * (full - side + 1)).floor() for _ in range(2))
        steps = (torch.arange(size, device=self.device) + 0.5) / size
        mirrored = torch.where(self.uniform(0, 1, count, 1) < 0.5, steps, 1 - steps)
        y, x = (2 / full * (start + side * along) - 1 for start, along in ((rows, steps), (columns, mirrored)))
        places = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], 3)
        enlarged = F.grid_sample(chosen.float() / 255, places, mode="bicubic", padding_mode="border", align_corners=False)
        return enlarged.clamp(0, 1)

    def next(
        self, size: int, smallest: float, tone: float = 0.0, focus: float = 0.0, aged: float = 0.0, frames: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`tone`: the spread of the logarithm of the exponent that each picture's L is raised to, as prints fade.
        `focus`: the spread of how far each is sharpened or blurred, 1 being all that a mean of 3 × 3 takes away.
        `aged`: the share of pictures whose black is no longer black and whose white is not white, with grain.
        `frames`: the share of pictures that become prints with a margin, every third of them on a page."""
        pictures = self.mixed(self.batch - self.mosaics, size, smallest)
        if self.mosaics:
            quarters = self.crops(self.tiny, 4 * self.mosaics, size // 2, max(smallest, 0.8)).chunk(4)
            mosaics = torch.cat([torch.cat(quarters[:2], 3), torch.cat(quarters[2:], 3)], 2)
            pictures = torch.cat([pictures, mosaics])
        lightness, ab = split(pictures)
        faded = 100 * (lab.denormalise_l(lightness).clamp(0, 100) / 100) ** (tone * self.normal()).exp()
        if focus > 0:
            blurred = F.avg_pool2d(F.pad(faded, [1] * 4, mode="replicate"), 3, 1)
            faded = (faded + (focus * self.normal()).clamp(-1, 2) * (faded - blurred)).clamp(0, 100)
        if aged > 0:
            low, high = self.uniform(0, 25), self.uniform(70, 100)
            grain = self.normal(*faded.shape) * self.uniform(0, 4)
            old = (low + faded * (high - low) / 100 + grain).clamp(0, 100)
            faded = torch.where(self.uniform(0, 1) < aged, old, faded)
        lightness = lab.normalise_l(faded)
        if frames > 0:
            framed = self.uniform(0, 1) < frames
            lightness, ab = self.frame(lightness, ab, framed, self.uniform(70, 98), 8)
            on_a_page = framed & (self.uniform(0, 1) < 1 / 3)
            lightness, ab = self.frame(lightness, ab, on_a_page, self.uniform(2, 98), 16)
        return lightness, ab

    def frame(
        self, lightness: torch.Tensor, ab: torch.Tensor, framed: torch.Tensor, paper: torch.Tensor, share: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Lays paper of some L and hardly any chroma over some pictures' edges, each side up to one part in `share`."""
        side = ab.shape[-1]
        place = torch.arange(side, device=self.device)
        top, bottom, left, right = (self.uniform(1, side // share + 1).floor() for _ in range(4))
        down, across = place.view(1, 1, -1, 1), place.view(1, 1, 1, -1)
        margin = (down < top) | (down >= side - bottom) | (across < left) | (across >= side - right)
        margin = margin & framed
        tint = lab.normalise_ab(torch.cat([self.uniform(-1, 1), self.uniform(-2, 2)], 1))
        wide = margin.repeat_interleave(4, 2).repeat_interleave(4, 3)
        grainy = lab.normalise_l(paper + 0.5 * self.normal(*lightness.shape))
        return torch.where(wide, grainy, lightness), torch.where(margin, tint, ab)


def split(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB [N, 3, S, S] -> normalised L [N, 1, S, S] and ab [N, 2, S/4, S/4]."""
    image = lab.rgb_to_lab(rgb)
    return lab.normalise_l(image[:, :1]), lab.normalise_ab(F.avg_pool2d(image[:, 1:], 4))
