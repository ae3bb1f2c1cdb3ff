"""Tar shards of photographs, JPEG or WebP, decoded once and mapped into memory as uint8."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image


@dataclass
class Shards:
    """Photographs of one size and, in the same order, the names of their files in the shards."""

    images: torch.Tensor  # [N, 3, size, size] uint8, mapped: pages are read as they are used and shared by processes
    names: list[str]


def files(shards: list[Path]) -> Iterator[tuple[Path, str, bytes]]:
    """Shard, name and content of each file; a broken shard is named and what comes after is left out."""
    for shard in shards:
        try:
            with tarfile.open(shard) as tar:
                for member in tar:
                    if member.isfile():
                        yield shard, member.name, tar.extractfile(member).read()
        except (OSError, tarfile.TarError) as error:
            print(f"{shard}: {error}; what comes after is left out", flush=True)


def decode(shard: Path, name: str, content: bytes, size: int) -> np.ndarray | None:
    """RGB [3, size, size], a picture of another size scaled; None if it cannot be read."""
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        print(f"{shard}: {name}: {error}; left out", flush=True)
        return None
    if image.size != (size, size):
        image = image.resize((size, size), Image.LANCZOS)
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))


def load(folder: Path, pattern: str, size: int, cache: Path) -> Shards:
    """All images of the shards that match; what cannot be read is named and left out."""
    pixels, names = (cache / f"{pattern.replace('*', '')}{size}.{kind}" for kind in ("u8", "json"))
    if not names.exists():
        shards = sorted(folder.glob(f"{pattern}.tar"))
        if not shards:
            raise SystemExit(f"{folder}/{pattern}.tar: no such shard")
        cache.mkdir(parents=True, exist_ok=True)
        whole, known, unreadable = cache / f"{os.getpid()}.{pixels.name}", [], 0
        with ThreadPoolExecutor() as pool, open(whole, "wb") as out:
            found = files(shards)
            while some := list(islice(found, 256)):
                for (_, name, _), image in zip(some, pool.map(lambda f: decode(*f, size), some)):
                    if image is None:
                        unreadable += 1
                        continue
                    out.write(image.tobytes())
                    known.append(name)
        if not known:
            whole.unlink()
            raise SystemExit(f"{folder}/{pattern}.tar: no image that can be read")
        print(f"{pattern}: {len(known)} images, {unreadable} unreadable", flush=True)
        whole.rename(pixels)
        listed = whole.with_suffix(".json")
        listed.write_text(json.dumps(known))
        listed.rename(names)
    known = json.loads(names.read_text())
    # Mapped for copying on write, as torch wants tensors that it may write to.
    mapped = np.memmap(pixels, np.uint8, "c", shape=(len(known), 3, size, size))
    return Shards(torch.from_numpy(mapped), known)


def manifest(path: Path) -> dict[str, dict[str, str]]:
    """The rows of a manifest by the names of the files in the shards."""
    with gzip.open(path, "rt", newline="") as f:
        return {row["name"]: row for row in csv.DictReader(f)}
