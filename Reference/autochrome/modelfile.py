"""Model files: safetensors with everything the program needs in the metadata."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from .network import Colorizer, Config, Generator


def exact(name: str) -> bool:
    """What stays float32 in a half-precision file: rotations, so that they stay orthogonal, and normalisation."""
    return name.endswith("rotation") or "norm" in name


def save(model: torch.nn.Module, path: Path, record: dict, half: bool) -> None:
    tensors = {}
    for name, value in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if name.endswith("permutation"):
            value = value.int()
        elif half and not exact(name):
            value = value.half()
        else:
            value = value.float()
        tensors[name] = value.contiguous().cpu()
    metadata = {"format": "autochrome-model", "format_version": "1", "training": json.dumps(record, sort_keys=True)}
    if isinstance(model, Colorizer):
        metadata |= {"architecture": "colorization"} | model.config.metadata()
    else:
        metadata |= {
            "architecture": "mnist",
            "seed": str(model.seed),
            "blocks": str(len(model.block)),
            "hidden": str(model.hidden),
        }
    partial = path.with_suffix(".tmp")
    save_file(tensors, partial, metadata)
    partial.rename(path)


def load(path: Path) -> torch.nn.Module:
    with safe_open(path, "pt") as f:
        m = f.metadata()
        if m["architecture"] == "mnist":
            model: torch.nn.Module = Generator(int(m["seed"]), int(m["blocks"]), int(m["hidden"]))
        else:
            model = Colorizer(Config.parse(m))
        state = {k: f.get_tensor(k).to(model.state_dict()[k].dtype) for k in f.keys()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [m for m in missing if not m.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{path}: missing {missing[:3]}, unexpected {unexpected[:3]}")
    return model.eval()


def record(path: Path) -> dict:
    """The training record in a model file's metadata."""
    with safe_open(path, "pt") as f:
        return json.loads(f.metadata()["training"])
