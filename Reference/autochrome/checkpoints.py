"""What a stage begins with: checkpoints and model files, their means and mixtures, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import torch

from . import modelfile


def read(path: Path) -> dict:
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:  # a pickle can fail in any way
        raise SystemExit(f"{path}: not a checkpoint ({type(error).__name__}: {error})") from None


def read_weights(path: Path) -> tuple[dict, list[dict]]:
    """The averaged weights of a checkpoint or a model file, and the stages that made them."""
    if path.suffix == ".safetensors":
        try:
            return modelfile.load(path).state_dict(), modelfile.record(path)["stages"]
        except Exception as error:  # safetensors has errors of its own
            raise SystemExit(f"{path}: not a model file ({type(error).__name__}: {error})") from None
    state = read(path)
    return state["ema"], state["history"] + [state["progress"]]


def beginning(paths: list[Path], shares: list[float]) -> tuple[dict, list[dict]]:
    """The mean of the averaged weights of checkpoints or model files, and the stages that made the last of them."""
    found = [read_weights(path) for path in paths]
    weights, history = found[-1]
    if len(paths) == 1:
        return weights, history
    own = [without_palette(w) for w, _ in found]
    for path, other in zip(paths, own):
        if {k: v.shape for k, v in other.items()} != {k: v.shape for k, v in own[-1].items()}:
            raise SystemExit(f"{path}: another network than {paths[-1]}")
    if not all(w.keys() == weights.keys() for w, _ in found):
        weights = own[-1]  # a palette is kept where all have one
    shares = [x / sum(shares) for x in shares]
    mean = {
        k: sum(x * w[k] for x, (w, _) in zip(shares, found)) if v.is_floating_point() else v for k, v in weights.items()
    }
    others = [stages for _, stages in found[:-1]]
    of = ["/".join(path.parts[-2:]) for path in paths]
    return mean, history + [{"stage": "average", "of": of, "shares": shares, "stages of the others": others}]


def without_palette(weights: dict) -> dict:
    return {k: v for k, v in weights.items() if not k.startswith("palette.")}


def with_flow(model: torch.nn.Module, weights: dict, history: list[dict], path: Path) -> tuple[dict, list[dict]]:
    """The conditioning network and regression of some weights with another file's flow and heads, and how both were made."""
    flow, stages = read_weights(path)
    restore(model, flow, path)  # so that what does not fit is said of this file
    own = {k: v for k, v in weights.items() if k.startswith(("conditioning.", "regression."))}
    return flow | own, stages + [{"stage": "exchange", "conditioning": history}]


def restore(model: torch.nn.Module, weights: dict, path: Path) -> None:
    """Takes a checkpoint's weights, or says what is wrong with it; what only pretraining needs is left."""
    for name, value in model.state_dict().items():
        found = tuple(weights[name].shape) if name in weights else None
        if found != tuple(value.shape):
            raise SystemExit(f"{path}: {name} is {found} where this preset and width have {tuple(value.shape)}")
    model.load_state_dict({name: weights[name] for name in model.state_dict()})


def fitting(model: torch.nn.Module, weights: dict, path: Path) -> dict:
    """The same weights, if they are a narrower network's; what only pretraining needs is left."""
    for name, value in model.state_dict().items():
        found = tuple(weights[name].shape) if name in weights else ()
        if len(found) != value.dim() or any(a > b for a, b in zip(found, value.shape)):
            raise SystemExit(f"{path}: {name} is {found or None}, which cannot be widened to {tuple(value.shape)}")
    return {name: weights[name] for name in model.state_dict()}
