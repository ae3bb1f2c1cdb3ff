"""Tar shards of JPEG photographs, decoded once and kept as uint8 tensors."""

from __future__ import annotations

import io
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from . import lab


def load_shards(folder: Path, pattern: str, size: int, cache: Path, limit: int | None = None) -> torch.Tensor:
    """All images of the shards that match, [N, 3, size, size] uint8; what cannot be read is named and left out."""
    name = f"{pattern.replace('*', '')}{limit or 'all'}.npy"
    if not (cache / name).exists():
        shards = sorted(folder.glob(f"{pattern}.tar"))
        if not shards:
            raise SystemExit(f"{folder}/{pattern}.tar: no such shard")
        blobs: list[tuple[str, bytes]] = []
        for shard in shards:
            try:
                with tarfile.open(shard) as tar:
                    blobs += [(f"{shard}: {m.name}", tar.extractfile(m).read()) for m in tar if m.isfile()]
            except (OSError, tarfile.TarError) as error:
                print(f"{shard}: {error}; what comes after is left out", flush=True)
        blobs = blobs[:limit]

        def decode(named: tuple[str, bytes]) -> np.ndarray | None:
            try:
                image = Image.open(io.BytesIO(named[1])).convert("RGB")
            except (OSError, Image.DecompressionBombError) as error:
                print(f"{named[0]}: {error}; left out", flush=True)
                return None
            if image.size != (size, size):
                image = image.resize((size, size), Image.LANCZOS)
            return np.asarray(image).transpose(2, 0, 1)

        with ThreadPoolExecutor() as pool:
            decoded = [d for d in pool.map(decode, blobs) if d is not None]
        if not decoded:
            raise SystemExit(f"{folder}/{pattern}.tar: no image that can be read")
        print(f"{pattern}: {len(decoded)} images, {len(blobs) - len(decoded)} unreadable", flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        whole = cache / f"{os.getpid()}.{name}"
        np.save(whole, np.stack(decoded))
        whole.rename(cache / name)
    return torch.from_numpy(np.load(cache / name))


class Batches:
    """Random crops, flips and tones as normalised (L at `size`, ab at `size` / 4), endless and seeded.

    With `tiny` images the last `mosaics` pictures of a batch are four of those each, side by side: at their size one alone
    would have to be blurred fourfold.
    """

    def __init__(
        self, images: torch.Tensor, batch: int, device: str, seed: int, tiny: torch.Tensor | None = None, mosaics: int = 0
    ):
        self.images, self.batch, self.device = images.to(device), batch, device
        self.tiny, self.mosaics = tiny if tiny is None else tiny.to(device), mosaics
        self.generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        """One number for each picture, [N, 1, 1, 1], or of another shape."""
        shape = shape or (self.batch, 1, 1, 1)
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape or (self.batch, 1, 1, 1), generator=self.generator, device=self.device)

    def crops(self, images: torch.Tensor, count: int, size: int, smallest: float) -> torch.Tensor:
        """Squares of at least `smallest` of a side, enlarged to `size`, some of them mirrored."""
        full = images.shape[-1]
        chosen = images[self.uniform(0, len(images), count).long()]
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
        pictures = self.crops(self.images, self.batch - self.mosaics, size, smallest)
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
