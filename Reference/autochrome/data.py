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
        self.generator = torch.Generator().manual_seed(seed)

    def integer(self, low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=self.generator))

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand(1, generator=self.generator))

    def normal(self) -> torch.Tensor:
        return torch.randn(self.batch, 1, 1, 1, generator=self.generator).to(self.device)

    def crop(self, images: torch.Tensor, size: int, smallest: float) -> torch.Tensor:
        full = images.shape[-1]
        side = self.integer(int(full * smallest), full)
        y, x = self.integer(0, full - side), self.integer(0, full - side)
        image = images[self.integer(0, len(images) - 1), :, y : y + side, x : x + side]
        return resize((image.flip(2) if self.integer(0, 1) else image)[None].float() / 255, size)

    def mosaic(self, size: int, smallest: float) -> torch.Tensor:
        rows = [torch.cat([self.crop(self.tiny, size // 2, smallest) for _ in range(2)], 3) for _ in range(2)]
        return torch.cat(rows, 2)

    def next(
        self, size: int, smallest: float, tone: float = 0.0, focus: float = 0.0, aged: float = 0.0, frames: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`tone`: the spread of the logarithm of the exponent that each picture's L is raised to, as prints fade.
        `focus`: the spread of how far each is sharpened or blurred, 1 being all that a mean of 3 × 3 takes away.
        `aged`: the share of pictures whose black is no longer black and whose white is not white, with grain.
        `frames`: the share of pictures that become prints with a margin, every third of them on a page."""
        photographs = [self.crop(self.images, size, smallest) for _ in range(self.batch - self.mosaics)]
        mosaics = [self.mosaic(size, max(smallest, 0.8)) for _ in range(self.mosaics)]
        lightness, ab = split(torch.cat(photographs + mosaics))
        faded = 100 * (lab.denormalise_l(lightness).clamp(0, 100) / 100) ** (tone * self.normal()).exp()
        if focus > 0:
            blurred = F.avg_pool2d(F.pad(faded, [1] * 4, mode="replicate"), 3, 1)
            faded = (faded + (focus * self.normal()).clamp(-1, 2) * (faded - blurred)).clamp(0, 100)
        for index in range(self.batch if aged > 0 else 0):
            if self.uniform(0, 1) < aged:
                low, high = self.uniform(0, 25), self.uniform(70, 100)
                grain = torch.randn(faded[index].shape, generator=self.generator) * self.uniform(0, 4)
                faded[index] = (low + faded[index] * (high - low) / 100 + grain.to(self.device)).clamp(0, 100)
        lightness = lab.normalise_l(faded)
        for index in range(self.batch if frames > 0 else 0):
            if self.uniform(0, 1) < frames:
                self.frame(lightness[index, 0], ab[index], self.uniform(70, 98), 8)
                if self.integer(0, 2) == 0:
                    self.frame(lightness[index, 0], ab[index], self.uniform(2, 98), 16)
        return lightness, ab

    def frame(self, lightness: torch.Tensor, ab: torch.Tensor, paper: float, share: int) -> None:
        """Lays paper of some L and hardly any chroma over the edges, each side up to one part in `share`."""
        side = ab.shape[-1]
        top, bottom, left, right = (self.integer(1, side // share) for _ in range(4))
        margin = torch.ones(side, side, dtype=torch.bool)
        margin[top : side - bottom, left : side - right] = False
        grain = torch.randn(lightness.shape, generator=self.generator) * 0.5
        tint = lab.normalise_ab(torch.tensor([self.uniform(-1, 1), self.uniform(-2, 2)]).view(1, 2, 1, 1))
        wide = margin.repeat_interleave(4, 0).repeat_interleave(4, 1)
        lightness[wide.to(self.device)] = lab.normalise_l(paper + grain)[wide].to(self.device)
        ab[:, margin.to(self.device)] = tint.view(2, 1).to(self.device)


def resize(rgb: torch.Tensor, size: int) -> torch.Tensor:
    if rgb.shape[-1] == size:
        return rgb
    return F.interpolate(rgb, size=(size, size), mode="bicubic", antialias=rgb.shape[-1] > size).clamp(0, 1)


def split(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB [N, 3, S, S] -> normalised L [N, 1, S, S] and ab [N, 2, S/4, S/4]."""
    image = lab.rgb_to_lab(rgb)
    return lab.normalise_l(image[:, :1]), lab.normalise_ab(F.avg_pool2d(image[:, 1:], 4))
