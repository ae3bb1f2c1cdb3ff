"""What is trained on and what validates: mixtures of the shards' photographs, and those set aside."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F

from . import people, shards
from .data import Pool

SETS = ("imagenet", "people")


def mixture(folder: Path, cache: Path, weights: dict[str, float]) -> list[Pool]:
    """The pools that weights name: `photo160`; of photo192 `photo192` for all, `people`, `others` or a set of the manifest.

    What is set aside for validation is in none of them.
    """
    pools = []
    if "photo160" in weights:
        pools.append(Pool(shards.load(folder, "photo160-*", 160, cache).images, weights["photo160"]))
    newer = {name: weight for name, weight in weights.items() if name != "photo160"}
    if not newer:
        return pools
    found, rows = with_rows(folder, cache)
    aside = [people.is_set_aside(row) for row in rows]
    for name, weight in newer.items():
        wanted = [name in ("photo192", row["set"], "people" if row["people"] == "yes" else "others") for row in rows]
        places = [i for i, (w, a) in enumerate(zip(wanted, aside)) if w and not a]
        if not places:
            raise SystemExit(f"{name}: no photographs of that name to train on")
        pools.append(Pool(found.images, weight, torch.tensor(places)))
    return pools


def validation(folder: Path, cache: Path, count: int | None = None) -> dict[str, torch.Tensor]:
    """The first photographs of each validation set, [N, 3, 256, 256] uint8; people only where there are photo192 shards."""
    sets = {"imagenet": shards.load(folder, "validation256-*", 256, cache).images[:count]}
    if list(folder.glob("photo192-*.tar")):
        found, rows = with_rows(folder, cache)
        chosen = found.images[people.validation(rows)[:count]].float()
        enlarged = F.interpolate(chosen, size=(256, 256), mode="bicubic", align_corners=False)
        sets["people"] = enlarged.round().clamp(0, 255).byte()
    return sets


def with_rows(folder: Path, cache: Path) -> tuple[shards.Shards, list[dict[str, str]]]:
    """The newer photographs, and what their manifest says of each."""
    found = shards.load(folder, "photo192-*", 192, cache)
    known = shards.manifest(folder / "manifest192.csv.gz")
    missing = next((name for name in found.names if name not in known), None)
    if missing:
        raise SystemExit(f"{folder}/manifest192.csv.gz: nothing about {missing}")
    return found, [known[name] for name in found.names]
