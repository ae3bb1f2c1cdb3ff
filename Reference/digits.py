"""Whether generated digits can be read: a small classifier, trained on real digits, judges sheets of generated ones.

    for d in 0 1 2 3 4 5 6 7 8 9; do
        autochrome generate mnist --model mnist.safetensors --digit $d --count 100 --output sheets/$d.png
    done
    python Reference/digits.py --data MNIST sheets
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

# As Sources/Colorization/DigitSheet.swift draws them: 28 pixels of 2, margins of 8.
SIDE, SCALE, MARGIN = 28, 2, 8


def idx(folder: Path, name: str) -> np.ndarray:
    plain = folder / name
    data = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    shape = np.frombuffer(data, ">i4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def load(folder: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.from_numpy(idx(folder, f"{part}-images-idx3-ubyte").copy())
    labels = torch.from_numpy(idx(folder, f"{part}-labels-idx1-ubyte").copy())
    return images[:, None].float() / 255, labels.long()


def cut(path: Path) -> torch.Tensor:
    """The digits of a sheet; its empty cells are as gray as its margins."""
    sheet = np.asarray(Image.open(path).convert("L"))
    step = SIDE * SCALE + MARGIN
    cells = []
    for y in range(MARGIN, sheet.shape[0] - MARGIN, step):
        for x in range(MARGIN, sheet.shape[1] - MARGIN, step):
            cell = sheet[y : y + SIDE * SCALE : SCALE, x : x + SIDE * SCALE : SCALE]
            if cell.std() > 0:
                cells.append(cell)
    return torch.from_numpy(np.stack(cells))[:, None].float() / 255


def classifier() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.25), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int) -> None:
    optimiser = torch.optim.Adam(model.parameters(), 2e-3)
    steps = epochs * (len(x) // 256)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for i in range(len(x) // 256):
            batch = order[i * 256 : (i + 1) * 256]
            # A little noise, as the generator was trained with; the real test digits have none.
            images = x[batch] + 0.025 * torch.randn(256, 1, SIDE, SIDE) * torch.rand(256, 1, 1, 1)
            optimiser.zero_grad()
            F.cross_entropy(model(images.clamp(0, 1)), y[batch]).backward()
            optimiser.step()
            schedule.step()
    model.eval()


@torch.no_grad()
def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    return 100 * torch.cat([model(part).argmax(1) for part in x.split(500)]).eq(y).float().mean().item()


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("sheets", type=Path, help="a folder of sheets named after their digit, 0.png to 9.png")
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--classifier", type=Path, help="kept here between runs")
    p.add_argument("--epochs", type=int, default=4)
    args = p.parse_args()
    torch.manual_seed(1)
    model = classifier()
    if args.classifier and args.classifier.exists():
        model.load_state_dict(torch.load(args.classifier, weights_only=True))
        model.eval()
    else:
        train(model, *load(args.data, "train"), args.epochs)
        if args.classifier:
            torch.save(model.state_dict(), args.classifier)
    result = {"real test digits": accuracy(model, *load(args.data, "t10k"))}
    shares, counts = [], []
    for digit in range(10):
        path = args.sheets / f"{digit}.png"
        if path.exists():
            x = cut(path)
            shares.append(accuracy(model, x, torch.full((len(x),), digit)))
            counts.append(len(x))
            result[str(digit)] = shares[-1]
    result |= {"generated": sum(counts), "recognised": float(np.average(shares, weights=counts))}
    print(json.dumps({k: round(v, 2) for k, v in result.items()}, indent=2))


if __name__ == "__main__":
    main()
