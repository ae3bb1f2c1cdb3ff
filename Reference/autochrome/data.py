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

    def next(self, size: int, smallest: float, tone: float = 0.0, focus: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
        """`tone`: the spread of the logarithm of the exponent that each picture's L is raised to, as prints fade.
        `focus`: the spread of how far each is sharpened or blurred, 1 being all that a mean of 3 × 3 takes away."""
        photographs = [self.crop(self.images, size, smallest) for _ in range(self.batch - self.mosaics)]
        mosaics = [self.mosaic(size, max(smallest, 0.8)) for _ in range(self.mosaics)]
        lightness, ab = split(torch.cat(photographs + mosaics))
        faded = 100 * (lab.denormalise_l(lightness).clamp(0, 100) / 100) ** (tone * self.normal()).exp()
        blurred = F.avg_pool2d(F.pad(faded, [1] * 4, mode="replicate"), 3, 1)
        faded = (faded + (focus * self.normal()).clamp(-1, 2) * (faded - blurred)).clamp(0, 100)
        return lab.normalise_l(faded), ab


def resize(rgb: torch.Tensor, size: int) -> torch.Tensor:
    if rgb.shape[-1] == size:
        return rgb
    return F.interpolate(rgb, size=(size, size), mode="bicubic", antialias=rgb.shape[-1] > size).clamp(0, 1)


def split(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB [N, 3, S, S] -> normalised L [N, 1, S, S] and ab [N, 2, S/4, S/4]."""
    image = lab.rgb_to_lab(rgb)
    return lab.normalise_l(image[:, :1]), lab.normalise_ab(F.avg_pool2d(image[:, 1:], 4))
