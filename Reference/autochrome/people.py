"""Which photographs of people are set aside for validation: a fixed rule, by source or person."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

COUNT = 400  # of those set aside, what validates; the others are not trained on either

WHOLE = {"humanseg", "deepface"}  # sources of which nothing is trained on
# Of other sources, the share of persons, or of pictures where each shows others.
SHARES = {"ytfaces": 0.1, "athletes": 0.13, "sports": 0.025, "bangla": 0.025, "osie": 0.1}


def person(row: dict[str, str]) -> str:
    """Who is in the photograph of a manifest's row, or the photograph itself where each shows others."""
    path = PurePath(row["path"])
    if row["set"] == "ytfaces":
        return path.stem.rsplit("_", 1)[0]  # First_Last_12: frames of one video, and of others of that person
    return path.parent.name if row["set"] == "athletes" else row["path"]


def fraction(*words: str) -> float:
    """A number from 0 to 1 that depends on the words alone."""
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8], "big") / 2**64


def is_set_aside(row: dict[str, str]) -> bool:
    if row["set"] in WHOLE:
        return True
    return fraction(row["set"], person(row)) < SHARES.get(row["set"], 0)


def validation(rows: list[dict[str, str]]) -> list[int]:
    """The places of the photographs that validate, so mixed that the first few are like all."""
    aside = [i for i, row in enumerate(rows) if is_set_aside(row)]
    return sorted(aside, key=lambda i: fraction("order", rows[i]["set"], rows[i]["path"]))[:COUNT]
