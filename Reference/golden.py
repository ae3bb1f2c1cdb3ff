"""Golden vectors: what this reference computes, for the Swift tests to agree with.

    python Reference/golden.py [Tests]

Weights and inputs come from a formula that both sides know (`fill`; in Swift RandomWeights), keyed by each tensor's
name, so that the files hold outputs only and agreement shows that the names agree as well. Two small files written
by `modelfile.save` show that real model files load.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from autochrome import modelfile
from autochrome.network import LEVELS, Colorizer, Config, Generator, nll_per_dimension

LIMIT = 4096  # elements kept of a long tensor, evenly spread


# -- the formula --------------------------------------------------------------------------------------


def philox(high: int, low: int, words: int) -> np.ndarray:
    """The first words of Philox4x32-10 under key `low`, the counter's upper half `high`."""
    n = -(-words // 4)
    mask = np.uint64(0xFFFFFFFF)
    c = [np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64)]
    c += [np.full(n, (high >> shift) & 0xFFFFFFFF, np.uint64) for shift in (0, 32)]
    k = [low & 0xFFFFFFFF, low >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]),
            p1 & mask,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]),
            p0 & mask,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, 1).astype(np.uint32).reshape(-1)[:words]


def name_hash(name: str) -> int:
    """FNV-1a, 64 bits."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def symmetric(name: str, count: int, seed: int) -> np.ndarray:
    """Uniform in [-1, 1), multiples of 2^-23."""
    words = philox(name_hash(name), seed, count)
    return (words >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)


def longs(name: str, count: int, seed: int) -> np.ndarray:
    return philox(name_hash(name), seed, 2 * count).view("<u8")


def rotation(name: str, channels: int, seed: int) -> np.ndarray:
    """Q of a Gaussian matrix, signs fixed by R's diagonal."""
    uniform = ((longs(name, channels * channels, seed) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    gauss = torch.special.ndtri(torch.from_numpy(uniform)).numpy().reshape(channels, channels)
    q, r = np.linalg.qr(gauss)
    return (q * np.sign(np.diag(r))).astype(np.float32)


def fill(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Values of a parameter of this name: of a sane scale, nothing zero, nothing trivial."""
    parts, count = name.split("."), math.prod(shape)
    if parts[-1] == "rotation":
        return rotation(name, shape[0], seed)
    if parts[-1] == "permutation":
        return np.argsort(longs(name, count, seed), kind="stable")
    u = symmetric(name, count, seed).reshape(shape)
    if parts[-1] == "running_var":
        return np.float32(1) + np.float32(0.5) * u
    if parts[-1] == "running_mean":
        return np.float32(0.1) * u
    if parts[-2].startswith("norm"):
        return np.float32(1) + np.float32(0.2) * u if parts[-1] == "weight" else np.float32(0.1) * u
    if parts[-1] == "bias":
        return np.float32(0.05) * u
    last = parts[-2] == "linear3" or (parts[-2] == "conv2" and parts[-3].startswith("coefficients"))
    if last or name == "regression.conv1.weight":
        gain = 0.05
    elif parts[-2] == "project" or parts[-2].startswith("lateral"):
        gain = 0.5  # these are added to what came before them
    else:
        gain = math.sqrt(2)
    # A transposed 4x4 convolution of stride 2 adds a quarter of its kernel at each pixel.
    inputs = shape[0] * 4 if shape[2:] == (4, 4) else math.prod(shape[1:])
    return np.float32(gain * math.sqrt(3 / inputs)) * u


def fill_model(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    state = model.state_dict()
    for name, value in state.items():
        if not name.endswith("num_batches_tracked"):
            value.copy_(torch.from_numpy(fill(name, tuple(value.shape), seed)))
    return model.eval()


def input_tensor(name: str, shape: tuple[int, ...], scale: float, seed: int) -> torch.Tensor:
    return torch.from_numpy(symmetric("input." + name, math.prod(shape), seed).reshape(shape) * np.float32(scale))


# -- the files ----------------------------------------------------------------------------------------


def sample(t: torch.Tensor, limit: int = LIMIT) -> torch.Tensor:
    """At most so many elements: every k-th, k odd so that all columns are met."""
    step = -(-t.numel() // limit) | 1
    return t.flatten()[::step].contiguous()


def write(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    metadata = metadata | {"generator": "Reference/golden.py", "torch": torch.__version__}
    save_file({k: v.float().clone() for k, v in tensors.items()}, path, metadata)
    print(f"{path.name}: {path.stat().st_size} bytes")


@torch.no_grad()
def colorizer(path: Path, config: Config, images: int) -> None:
    model = fill_model(Colorizer(config), config.seed)
    lightness = input_tensor("lightness", (images, 1, 256, 256), 1.7, config.seed)
    chroma = input_tensor("chroma", (images, 2, 64, 64), 1.7, config.seed)
    latent = input_tensor("latent", (images, 8192), 1.7, config.seed)
    features = model.features(lightness)
    conditions = model.conditions(features)
    z, log_det = model(chroma, conditions)
    out = {
        "features": sample(features),
        "z": sample(z),
        "log_det": log_det,
        "nll": nll_per_dimension(z, log_det),
        "inverse": sample(model.inverse(latent, conditions)),
        "level5": sample(conditions[5]),
    }
    for level in LEVELS:
        for block, c in enumerate(conditions[level]):
            out[f"level{level}.{block}"] = sample(c)
    if "affine" in conditions:
        out["mean"], out["scale"] = (sample(c) for c in conditions["affine"])
        out["shown"] = sample(model.shown(chroma, conditions))
    parameters = sum(p.numel() for p in model.parameters())
    write(path, out, config.metadata() | {"images": str(images), "parameters": str(parameters)})


@torch.no_grad()
def mnist(path: Path, blocks: int, hidden: int, seed: int) -> None:
    model = fill_model(Generator(seed, blocks, hidden), seed)
    images = 4
    x = input_tensor("digits", (images, 784), 1.7, seed)
    latent = input_tensor("latent", (images, 784), 1.7, seed)
    condition = torch.nn.functional.one_hot(torch.arange(images) * 3 % 10, 10).float()
    z, log_det = model(x, condition)
    out = {"z": z, "log_det": log_det, "inverse": model.inverse(latent, condition)}
    write(path, out, {"blocks": str(blocks), "hidden": str(hidden), "seed": str(seed), "images": str(images)})


def training(path: Path, blocks: int, hidden: int, seed: int) -> None:
    """The gradients of a first step, and the losses of 20 steps of Adam, of a small network for digits."""
    model = fill_model(Generator(seed, blocks, hidden), seed).train()
    images, steps, rate = 8, 20, 1e-3
    adam = torch.optim.Adam(model.parameters(), rate, (0.9, 0.999), 1e-6, 1e-5)
    condition = torch.nn.functional.one_hot(torch.arange(images) * 3 % 10, 10).float()
    out, losses = {}, []
    for step in range(steps):
        x = input_tensor(f"batch{step}", (images, 784), 1.7, seed)
        adam.zero_grad()
        loss = nll_per_dimension(*model(x, condition)).mean()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            out = {f"gradient.{n}": sample(p.grad, 256) for n, p in model.named_parameters()}
        adam.step()
    out |= {f"after.{n}": sample(p.detach(), 256) for n, p in model.named_parameters()}
    out["losses"] = torch.tensor(losses)
    write(path, out, {"blocks": str(blocks), "hidden": str(hidden), "seed": str(seed), "images": str(images)})


def adam(path: Path, seed: int) -> None:
    """Ten steps of Adam on gradients from the formula, some of them large, so that clipping to norm 1 matters."""
    x = torch.nn.Parameter(input_tensor("adam", (3, 67), 1.0, seed))
    optimiser = torch.optim.Adam([x], 1e-2, (0.9, 0.999), 1e-6, 1e-5)
    out = {}
    for step in range(10):
        x.grad = input_tensor(f"adam{step}", (3, 67), 0.02 * 2**step, seed)
        out[f"norm{step}"] = torch.nn.utils.clip_grad_norm_([x], 1.0).reshape(1)
        optimiser.step()
        out[f"step{step}"] = x.detach().clone()
    write(path, out, {"seed": str(seed)})


def main(tests: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    folder = tests / "TrainingTests" / "Golden"
    training(folder / "training-mnist.safetensors", 2, 8, 19)
    adam(folder / "adam.safetensors", 20)

    folder = tests / "FlowTests" / "Golden"
    colorizer(folder / "paper-small.safetensors", Config.paper(0.0625, seed=11), 2)
    colorizer(folder / "paper.safetensors", Config.paper(seed=12), 1)
    colorizer(folder / "compact.safetensors", Config(seed=13), 2)
    colorizer(folder / "none.safetensors", Config.paper(0.0625, "none", seed=14), 2)
    colorizer(folder / "compact-none.safetensors", Config("compact", 0.0625, 1, "none", True, 15), 1)
    mnist(folder / "mnist.safetensors", 24, 512, 16)

    tiny = Config.paper(1 / 64, seed=17)
    record = {"data": "none", "steps": 0}
    modelfile.save(fill_model(Colorizer(tiny), tiny.seed), folder / "model-tiny.safetensors", record, half=True)
    modelfile.save(fill_model(Generator(18, 2, 8), 18), folder / "model-mnist.safetensors", record, half=False)
    # The half-precision file as this side reads it.
    model = modelfile.load(folder / "model-tiny.safetensors")
    with torch.no_grad():
        conditions = model.conditions(model.features(input_tensor("lightness", (1, 1, 256, 256), 1.7, tiny.seed)))
        inverse = model.inverse(input_tensor("latent", (1, 8192), 1.7, tiny.seed), conditions)
    write(folder / "model-tiny-expected.safetensors", {"inverse": sample(inverse)}, {})


if __name__ == "__main__":
    default = Path(__file__).parent.parent / "Tests"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
