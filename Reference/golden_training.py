"""Golden vectors of training: gradients, and the losses of twenty steps, for the Swift tests to agree with.

    python Reference/golden_training.py [Tests/TrainingTests/Golden]

Weights and batches come from the formula of `golden.py`, so that the files hold results only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from autochrome import lab, network
from golden import fill_model, input_tensor, write

KEPT = 24  # elements kept of a gradient, evenly spread


def lift(name: str) -> float:
    """How far a parameter is moved from the formula: biases before activations up, so that most units are on, and the
    encoder's gains down, so that they stay between the corners of ReLU6.

    Where a rounding turns a ReLU, gradients change with the root of the share that is turned: PyTorch's own in single
    precision would differ by up to 2e-2 from those in double, and by less than 1e-3 with units lifted.
    """
    *path, layer, kind = name.split(".")
    if path[0] == "conditioning" and layer.startswith("norm") and not path[-1].startswith("group"):
        return 3 if kind == "bias" else -0.6
    if kind != "bias":
        return 0
    is_last = layer == "conv2" and path[-1].startswith("coefficients")
    return 3 if layer.startswith("conv") and not is_last else 0


def subject(config: network.Config) -> network.Colorizer:
    model = fill_model(network.Colorizer(config), config.seed).train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter += lift(name)
    return model


def sample(t: torch.Tensor) -> torch.Tensor:
    """At most KEPT elements: every k-th, k odd."""
    step = -(-t.numel() // KEPT) | 1
    return t.detach().flatten()[::step].clone()


def batch(step: int, images: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    lightness = input_tensor(f"lightness.{step}", (images, 1, 256, 256), 1.7, seed)
    return lightness, input_tensor(f"chroma.{step}", (images, 2, 64, 64), 1.7, seed)


def anchor(model: network.Colorizer, c: dict, count: int) -> torch.Tensor:
    """The squared distance between the picture of z = 0 and the regression, for the first images of a batch."""
    part = {k: [x[:count] for x in v] if isinstance(v, list) else v[:count] for k, v in c.items() if k != "affine"}
    part["affine"] = tuple(x[:count] for x in c["affine"])
    mode = model.inverse(part[5].new_zeros(count, 8192), part)
    return (mode - part["affine"][0].detach()).pow(2).mean()


def regression(mean: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
    """The squared error of the regression in units of about one standard deviation of both channels."""
    unit = lab.ab_scale(chroma) / 14
    return ((mean - chroma) * unit).pow(2).mean()


def loss_of(model: network.Colorizer, lightness: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
    """What `autochrome train colorization` minimises; see `ColorizationGradient`."""
    c = model.conditions(model.features(lightness))
    loss = network.nll_per_dimension(*model(chroma, c)).mean()
    if model.regression is not None:
        loss = loss + 2 * anchor(model, c, len(chroma) // 3)
        if model.config.ablation != "fixed":
            loss = loss + 0.1 * regression(c["affine"][0], chroma)
    return loss


def gradients(config: network.Config, images: int) -> dict[str, torch.Tensor]:
    """The first batch's gradients in double precision."""
    model = subject(config).double()
    loss_of(model, *(t.double() for t in batch(0, images, config.seed))).backward()
    return {k: p.grad for k, p in model.named_parameters()}


def record(path: Path, config: network.Config, images: int, steps: int, rate: float) -> None:
    model = subject(config)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-5)
    out, losses = {}, []
    for step in range(steps):
        loss = loss_of(model, *batch(step, images, config.seed))
        optimiser.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        if step == 0:
            exact = gradients(config, images)
            out |= {"gradient." + k: sample(g) for k, g in exact.items()}
            out["norm"] = torch.stack([g.norm() for g in exact.values()]).norm().reshape(1)
            far = {k: (p.grad - exact[k]).norm() / exact[k].norm() for k, p in model.named_parameters()}
            far = max((e.item(), k) for k, e in far.items() if exact[k].norm() > 1e-6 * out["norm"])
            print(f"{path.name}: single precision is off by at most {far[0]:.1e}, at {far[1]}")
            out |= {
                "statistics." + k: sample(v)
                for k, v in model.state_dict().items()
                if k.endswith(("running_mean", "running_var"))
            }
        optimiser.step()
    out["losses"] = torch.stack(losses)
    write(path, out, config.metadata() | {"images": str(images), "rate": str(rate)})


def main(folder: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(2)
    folder.mkdir(parents=True, exist_ok=True)
    record(folder / "paper.safetensors", network.Config.paper(1 / 32, seed=33), 4, 20, 1e-4)
    # A seed at which no unit is turned by the roundings of any of OpenBLAS's kernels, SandyBridge to Cooperlake.
    record(folder / "compact.safetensors", network.Config("compact", 1 / 32, 8, "joint", True, 35), 6, 1, 1e-4)
    record(folder / "none.safetensors", network.Config("compact", 1 / 32, 1, "none", True, 23), 6, 1, 1e-4)


if __name__ == "__main__":
    default = Path(__file__).parent.parent / "Tests" / "TrainingTests" / "Golden"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
