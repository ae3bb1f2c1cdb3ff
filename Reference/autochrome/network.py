"""The conditional invertible neural network (cINN) of Ardizzone et al. 2019 and its supplement.

Tensors are [N, C, H, W] float32. Chroma is normalised `ab` of CIE Lab at 64x64, conditioned on
normalised `L` at 256x256 (see `lab.py`). The parameter names below are the names in the model file.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn

from . import nonlocal_means
from .efficientnet import Encoder

ALPHA_COLOR = 1.5
ALPHA_MNIST = 1.0

# level -> (channels of the flow, conditional blocks, hidden and head width, unconditional width, channels split off)
LEVELS = {
    1: (2, 4, 32, 64, 0),
    2: (8, 6, 64, 128, 16),
    3: (16, 6, 128, 256, 32),
    4: (32, 6, 256, 256, 96),
}
# numbers of the latent vector that split off at levels 2, 3 and 4, and those that level 5 makes colours in the large from
LATENT = [16 * 16 * 16, 32 * 8 * 8, 96 * 4 * 4, 512]
# level -> (channels, stride) of the head's convolutions after the features, at width 1
HEADS = {
    1: [(32, 1)],
    2: [(128, 2), (64, 1)],
    3: [(128, 2), (128, 2), (128, 1)],
    4: [(128, 2), (128, 2), (256, 2), (256, 1)],
    5: [(128, 2), (256, 2), (256, 2), (512, 2)],
}


@dataclass(frozen=True)
class Config:
    """What a model file's metadata says of the architecture."""

    preset: str = "compact"  # compact | paper
    width: float = 0.5
    features: int = 96  # channels of the conditioning features; 256 for the paper
    ablation: str = "joint"  # none | fixed | joint
    affine: bool = True  # conditional affine start, compact only
    seed: int = 1

    @staticmethod
    def paper(width: float = 1.0, ablation: str = "joint", seed: int = 1) -> "Config":
        features = 1 if ablation == "none" else max(1, round(256 * width))
        return Config("paper", width, features, ablation, False, seed)

    def scaled(self, channels: int) -> int:
        return max(1, round(channels * self.width))

    def metadata(self) -> dict[str, str]:
        return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in asdict(self).items()}

    @staticmethod
    def parse(m: dict[str, str]) -> "Config":
        return Config(m["preset"], float(m["width"]), int(m["features"]), m["ablation"], m["affine"] == "true", int(m["seed"]))


def soft_clamp(s: torch.Tensor, alpha: float) -> torch.Tensor:
    """alpha * 0.636 * atan(s / alpha), section 2 of the supplement's parent paper."""
    return alpha * 0.636 * torch.atan(s / alpha)


def widened(x: torch.Tensor) -> torch.Tensor:
    """At least single precision, for what autocast left in half."""
    return x if x.dtype == torch.float64 else x.float()


def random_orthogonal(channels: int, generator: torch.Generator) -> torch.Tensor:
    """A rotation drawn uniformly (Haar measure): Q of a Gaussian matrix, signs fixed by R's diagonal."""
    q, r = torch.linalg.qr(torch.randn(channels, channels, generator=generator, dtype=torch.float64))
    return (q * torch.sign(torch.diagonal(r))).float()


class ConvCoefficients(nn.Module):
    """Three convolutions giving [s, t] jointly; the last starts at zero."""

    def __init__(self, inputs: int, hidden: int, outputs: int, kernel: int, slope: float):
        super().__init__()
        self.slope = slope
        pad = kernel // 2
        self.conv0 = nn.Conv2d(inputs, hidden, kernel, padding=pad)
        self.conv1 = nn.Conv2d(hidden, hidden, kernel, padding=pad)
        self.conv2 = nn.Conv2d(hidden, outputs, kernel, padding=pad)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.conv0(x), self.slope)
        x = F.leaky_relu(self.conv1(x), self.slope)
        return self.conv2(x)


class DenseCoefficients(nn.Module):
    """Four fully connected layers giving [s, t] jointly; the last starts at zero."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        self.linear0 = nn.Linear(inputs, hidden)
        self.linear1 = nn.Linear(hidden, hidden)
        self.linear2 = nn.Linear(hidden, hidden)
        self.linear3 = nn.Linear(hidden, outputs)
        nn.init.zeros_(self.linear3.weight)
        nn.init.zeros_(self.linear3.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.linear0(x))
        x = F.relu(self.linear1(x))
        x = F.relu(self.linear2(x))
        return self.linear3(x)


class Head(nn.Module):
    """Conditioning head: convolutions with LeakyReLU 0.01 between them, optional pooling, batch norm."""

    def __init__(self, inputs: int, plan: list[tuple[int, int]], pooled: bool = False):
        super().__init__()
        self.count, self.pooled = len(plan), pooled
        for i, (channels, stride) in enumerate(plan):
            self.add_module(f"conv{i}", nn.Conv2d(inputs, channels, 3, stride=stride, padding=1))
            inputs = channels
        self.norm = nn.BatchNorm1d(inputs) if pooled else nn.BatchNorm2d(inputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = features
        for i in range(self.count):
            x = getattr(self, f"conv{i}")(x)
            if i < self.count - 1:
                x = F.leaky_relu(x, 0.01)
        return self.norm(x.mean((2, 3)) if self.pooled else x)


def restrain(x: torch.Tensor) -> torch.Tensor:
    """x, of which no sample sends back more than three times the median's gradient: one that runs away would outweigh all."""

    def cut(gradient: torch.Tensor) -> torch.Tensor:
        size = gradient.flatten(1).norm(dim=1)
        share = 3 * size.nan_to_num(math.inf).median() / size.clamp(min=1e-30)
        share = share.clamp(max=1).nan_to_num(0).view(-1, *[1] * (gradient.dim() - 1))
        return (gradient * share).masked_fill(share == 0, 0)

    if x.requires_grad:
        x.register_hook(cut)
    return x


class Coupling(nn.Module):
    """GLOW affine coupling, both halves transformed, followed or preceded by a fixed mixing.

    y1 = x1 exp(s2) + t2 with (s2, t2) = f2(x2, c);  y2 = x2 exp(s1) + t1 with (s1, t1) = f1(y1, c).
    """

    def __init__(self, coefficients, alpha: float):
        super().__init__()
        self.alpha = alpha
        self.coefficients1 = coefficients()
        self.coefficients2 = coefficients()

    def _st(self, f: nn.Module, x: torch.Tensor, c: torch.Tensor | None):
        s, t = widened(f(x if c is None else torch.cat([x, c], 1))).chunk(2, 1)
        return soft_clamp(s, self.alpha), t

    def couple(self, x: torch.Tensor, c: torch.Tensor | None):
        x1, x2 = x.chunk(2, 1)
        s2, t2 = self._st(self.coefficients2, x2, c)
        y1 = x1 * s2.exp() + t2
        s1, t1 = self._st(self.coefficients1, y1, c)
        y2 = x2 * s1.exp() + t1
        return torch.cat([y1, y2], 1), s1.flatten(1).sum(1) + s2.flatten(1).sum(1)

    def uncouple(self, y: torch.Tensor, c: torch.Tensor | None) -> torch.Tensor:
        y1, y2 = y.chunk(2, 1)
        s1, t1 = self._st(self.coefficients1, y1, c)
        x2 = (y2 - t1) * (-s1).exp()
        s2, t2 = self._st(self.coefficients2, x2, c)
        x1 = (y1 - t2) * (-s2).exp()
        return torch.cat([x1, x2], 1)


def rotate(x: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, rotation[:, :, None, None])


class ConditionalBlock(Coupling):
    """Conditional coupling, then an orthogonal 1x1 convolution y = R x."""

    def __init__(self, channels: int, condition: int, hidden: int, head: Head | None, rotation: torch.Tensor):
        super().__init__(lambda: ConvCoefficients(channels // 2 + condition, hidden, channels, 3, 0.05), ALPHA_COLOR)
        self.head = head  # None: the condition is the gray image itself
        self.register_buffer("rotation", rotation)

    def forward(self, x, c):
        y, log_det = self.couple(x, c)
        return rotate(y, self.rotation), log_det

    def inverse(self, y, c):
        return self.uncouple(rotate(y, self.rotation.t()), c)


class UnconditionalBlock(Coupling):
    """An orthogonal 1x1 convolution, then an unconditional coupling with 1x1 convolutions."""

    def __init__(self, channels: int, hidden: int, rotation: torch.Tensor):
        super().__init__(lambda: ConvCoefficients(channels // 2, hidden, channels, 1, 0.01), ALPHA_COLOR)
        self.register_buffer("rotation", rotation)

    def forward(self, x):
        return self.couple(rotate(x, self.rotation), None)

    def inverse(self, y):
        return rotate(self.uncouple(y, None), self.rotation.t())


class DenseBlock(Coupling):
    """Conditional coupling on vectors, then a fixed permutation y_i = x_p(i)."""

    def __init__(self, channels: int, condition: int, hidden: int, permutation: torch.Tensor, alpha: float):
        super().__init__(lambda: DenseCoefficients(channels // 2 + condition, hidden, channels), alpha)
        self.register_buffer("permutation", permutation)

    def forward(self, x, c):
        y, log_det = self.couple(x, c)
        return y.index_select(1, self.permutation), log_det

    def inverse(self, y, c):
        return self.uncouple(y.index_select(1, torch.argsort(self.permutation)), c)


class Level(nn.Module):
    def __init__(self, conditional: list[nn.Module], unconditional: list[nn.Module]):
        super().__init__()
        self.conditional = nn.ModuleList(conditional)
        self.unconditional = nn.ModuleList(unconditional)


class VGGConditioning(nn.Module):
    """The paper's conditioning network after Zhang et al. 2016: L at 256x256 -> features at 64x64."""

    # (channels, stride, dilation) of each group's convolutions
    GROUPS = [
        [(64, 1, 1), (64, 2, 1)],
        [(128, 1, 1), (128, 2, 1)],
        [(256, 1, 1), (256, 1, 1), (256, 2, 1)],
        [(512, 1, 1)] * 3,
        [(512, 1, 2)] * 3,
        [(512, 1, 2)] * 3,
        [(512, 1, 1)] * 3,
        [(256, 0, 1), (256, 1, 1), (256, 1, 1)],  # stride 0: transposed 4x4, stride 2
    ]

    def __init__(self, config: Config):
        super().__init__()
        inputs = 1
        for g, group in enumerate(self.GROUPS):
            block = nn.Module()
            for i, (channels, stride, dilation) in enumerate(group):
                channels = config.scaled(channels)
                block.add_module(
                    f"conv{i}",
                    nn.ConvTranspose2d(inputs, channels, 4, stride=2, padding=1)
                    if stride == 0
                    else nn.Conv2d(inputs, channels, 3, stride=stride, padding=dilation, dilation=dilation),
                )
                inputs = channels
            block.norm = nn.BatchNorm2d(inputs)
            self.add_module(f"group{g}", block)

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        x = lightness
        for g, group in enumerate(self.GROUPS):
            block = getattr(self, f"group{g}")
            for i in range(len(group)):
                x = getattr(block, f"conv{i}")(x)
                if not (g == len(self.GROUPS) - 1 and i == len(group) - 1):
                    x = F.relu(x)
            x = block.norm(x)
        return x


class CompactConditioning(nn.Module):
    """EfficientNet-Lite2 and a feature pyramid: L at 256x256 -> features at 64x64."""

    def __init__(self, config: Config):
        super().__init__()
        channels = config.features
        self.encoder = Encoder()
        for i, inputs in enumerate(self.encoder.tap_channels):
            self.add_module(f"lateral{i}", nn.Conv2d(inputs, channels, 1))
            self.add_module(f"smooth{i}", nn.Conv2d(channels, channels, 3, padding=1, bias=False))
            self.add_module(f"norm{i}", nn.BatchNorm2d(channels))

    def forward(self, lightness: torch.Tensor) -> torch.Tensor:
        return self.pyramid(self.encoder(lightness))

    def pyramid(self, taps: list[torch.Tensor]) -> torch.Tensor:
        x = None
        for i in reversed(range(len(taps))):
            y = getattr(self, f"lateral{i}")(taps[i])
            if x is not None:
                y = y + F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(getattr(self, f"norm{i}")(getattr(self, f"smooth{i}")(y)))
        return x


class Regression(nn.Module):
    """The conditioning network's own chroma prediction: mean and log scale for each pixel."""

    SCALE_LIMIT = 2.0

    def __init__(self, features: int):
        super().__init__()
        self.conv0 = nn.Conv2d(features, features, 3, padding=1)
        self.conv1 = nn.Conv2d(features, 4, 1)
        nn.init.zeros_(self.conv1.weight)
        nn.init.zeros_(self.conv1.bias)

    def forward(self, features: torch.Tensor):
        mean, scale = widened(self.conv1(F.leaky_relu(self.conv0(features), 0.01))).chunk(2, 1)
        return mean, soft_clamp(scale, self.SCALE_LIMIT)


class Colorizer(nn.Module):
    """The five-level flow with its heads and conditioning network."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(config.seed)
        if config.ablation == "none":
            self.conditioning = None
        elif config.preset == "paper":
            self.conditioning = VGGConditioning(config)
        else:
            self.conditioning = CompactConditioning(config)
        self.regression = Regression(config.features) if config.affine else None

        mixing = Mixing(config, generator)
        for level, (channels, count, width, free, split) in LEVELS.items():
            hidden = config.scaled(width)
            condition = 1 if config.ablation == "none" else config.scaled(HEADS[level][-1][0])
            conditional = []
            for b in range(count):
                head = None
                if config.ablation != "none":
                    head = Head(config.features, [(config.scaled(c), s) for c, s in HEADS[level]])
                conditional.append(ConditionalBlock(channels, condition, hidden, head, mixing.conditional(channels, b, count)))
            wide = channels * 4
            unconditional = [UnconditionalBlock(wide, config.scaled(free), mixing.unconditional(wide, b)) for b in range(2)]
            mixing.split(wide - split)
            self.add_module(f"level{level}", Level(conditional, unconditional))

        self.level5 = nn.Module()
        if config.ablation == "none":
            self.level5.head = None
            condition = 8 * 8
        else:
            self.level5.head = Head(config.features, [(config.scaled(c), s) for c, s in HEADS[5]], pooled=True)
            condition = config.scaled(512)
        self.level5.conditional = nn.ModuleList(
            [
                DenseBlock(512, condition, config.scaled(512), torch.randperm(512, generator=generator), ALPHA_COLOR)
                for _ in range(8)
            ]
        )

    # -- conditions ---------------------------------------------------------------------------------

    def features(self, lightness: torch.Tensor) -> torch.Tensor:
        """[N, 1, 256, 256] normalised L -> [N, features, 64, 64]; the gray image itself without a network."""
        if self.conditioning is None:
            return F.avg_pool2d(lightness, 4)
        return self.conditioning(lightness)

    def conditions(self, features: torch.Tensor) -> dict:
        """Everything the flow needs to know of the image, for one or many samples."""
        c: dict = {}
        for level, (channels, count, *_rest) in LEVELS.items():
            blocks = getattr(self, f"level{level}").conditional
            if self.conditioning is None:
                gray = F.avg_pool2d(features, 2 ** (level - 1)) if level > 1 else features
                c[level] = [gray] * count
            else:
                c[level] = [block.head(features) for block in blocks]
        if self.conditioning is None:
            c[5] = F.avg_pool2d(features, 8).flatten(1)
        else:
            c[5] = self.level5.head(features)
        if self.regression is not None:
            c["affine"] = self.regression(features)
            c["features"] = features.detach()
        return c

    # -- the flow -----------------------------------------------------------------------------------

    def forward(self, chroma: torch.Tensor, c: dict):
        """[N, 2, 64, 64] normalised chroma -> z [N, 8192] and log|det J| [N]."""
        x, log_det = chroma, chroma.new_zeros(chroma.shape[0])
        if self.regression is not None:
            mean, scale = c["affine"]
            x = (x - mean) * (-scale).exp()
            log_det = log_det - scale.flatten(1).sum(1)
        parts = []
        for level, (*_rest, split) in LEVELS.items():
            module = getattr(self, f"level{level}")
            for block, condition in zip(module.conditional, c[level]):
                x, d = block(x, condition)
                log_det = log_det + d
            x = F.pixel_unshuffle(x, 2)
            for block in module.unconditional:
                x, d = block(x)
                log_det = log_det + d
            if split:
                x, z = x[:, :-split], x[:, -split:]
                parts.append(z.flatten(1))
        x = x.flatten(1)
        for block in self.level5.conditional:
            x, d = block(x, c[5])
            log_det = log_det + d
        return torch.cat([*parts, x], 1), log_det

    BOUND = 30.0  # more than any value on the way of nine samples in ten

    def inverse(self, z: torch.Tensor, c: dict, beyond: list[torch.Tensor] | None = None) -> torch.Tensor:
        """z [N, 8192] -> normalised chroma [N, 2, 64, 64].

        In training, with a list for how far each block's values go beyond BOUND on the average: they are held there, so that
        what runs away is brought back where it begins instead of growing on, and gradients as in `restrain`.
        """

        def hold(x: torch.Tensor) -> torch.Tensor:
            if beyond is None:
                return x
            beyond.append((x.abs() - self.BOUND).clamp(min=0).mean())
            return restrain(x.clamp(-self.BOUND, self.BOUND))

        parts = list(z.split(LATENT, 1))
        x = parts.pop()
        for block in reversed(self.level5.conditional):
            x = hold(block.inverse(x, c[5]))
        x = x.reshape(-1, 32, 4, 4)
        for level, (*_rest, split) in reversed(LEVELS.items()):
            module = getattr(self, f"level{level}")
            if split:
                x = torch.cat([x, parts.pop().reshape(x.shape[0], split, *x.shape[2:])], 1)
            for block in reversed(module.unconditional):
                x = hold(block.inverse(x))
            x = F.pixel_shuffle(x, 2)
            for block, condition in zip(reversed(module.conditional), reversed(c[level])):
                x = hold(block.inverse(x, condition))
        if self.regression is not None:
            mean, scale = c["affine"]
            x = x * scale.exp() + mean
        return x

    KNEE, REACH = 1.75, 1.25

    def shown(self, chroma: torch.Tensor, c: dict, temperature: float = 1.0) -> torch.Tensor:
        """A draw as the program shows it: the regression and what it adds to it, averaged over places that look alike.

        What it adds is in units of the regression's scales, and held before and after: what lies more than KNEE from the mean
        is compressed to at most KNEE + REACH. Then it is multiplied by the temperature.
        """
        if self.regression is None:
            return chroma
        if "weights" not in c:
            self.compare(c)
        mean, scale = (x.float() for x in c["affine"])
        u = self.held((chroma - mean) * (-scale).exp())
        u = self.held(nonlocal_means.GAIN * nonlocal_means.averaged(u, c["weights"]))
        return c["settled"] + temperature * u * scale.exp()

    def compare(self, c: dict) -> None:
        """Adds to conditions which places look alike and the regression averaged among them, for all samples."""
        c["weights"] = nonlocal_means.weights(c["features"])
        c["settled"] = nonlocal_means.settled(c["affine"][0].float(), c["weights"])

    def held(self, u: torch.Tensor) -> torch.Tensor:
        compressed = self.KNEE + self.REACH * torch.tanh((u.abs() - self.KNEE) / self.REACH)
        return torch.where(u.abs() > self.KNEE, u.sign() * compressed, u)


class Mixing:
    """The fixed orthogonal matrices, in the order of the flow.

    `paper`: random rotations. `compact`: a Haar wavelet transform after each reshape and permutations elsewhere,
    ordered so that what is split off is fine detail and what goes on is the coarse image.
    """

    def __init__(self, config: Config, generator: torch.Generator):
        self.wavelet = config.preset == "compact"
        self.generator = generator
        self.product = torch.eye(2)  # of the permutations since the level began
        self.frequency = [0, 0]  # rank of each channel, coarse to fine

    def conditional(self, channels: int, block: int, count: int) -> torch.Tensor:
        if not self.wavelet or channels == 2:
            return random_orthogonal(channels, self.generator)
        if block == count - 1:
            return self.product.t().contiguous()
        matrix = torch.eye(channels)[torch.randperm(channels, generator=self.generator)]
        self.product = matrix @ self.product
        return matrix

    def unconditional(self, wide: int, block: int) -> torch.Tensor:
        if not self.wavelet:
            return random_orthogonal(wide, self.generator)
        halves = torch.cat([torch.arange(0, wide, 2), torch.arange(1, wide, 2)])
        if block == 0:  # both halves of the coupling hold some of each band
            rank = [2 * f + (band > 0) for band in range(4) for f in self.frequency]
            order = sorted(range(wide), key=rank.__getitem__)
            self.frequency = [rank[i] for i in order]
            return haar(wide // 4)[order][halves].contiguous()
        return torch.eye(wide)[halves].t().contiguous()

    def split(self, kept: int) -> None:
        self.frequency, self.product = self.frequency[:kept], torch.eye(kept)


def haar(channels: int) -> torch.Tensor:
    """Orthogonal [4C, 4C] matrix on space-to-depth channels: C averages, then 3C differences."""
    basis = 0.5 * torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    return torch.stack([torch.kron(torch.eye(channels)[c], basis[band]) for band in range(4) for c in range(channels)])


class Generator(nn.Module):
    """MNIST: 24 x [conditional coupling, random permutation] on 784 values, one-hot condition."""

    def __init__(self, seed: int = 1, blocks: int = 24, hidden: int = 512):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.seed, self.hidden = seed, hidden
        self.block = nn.ModuleList(
            [DenseBlock(784, 10, hidden, torch.randperm(784, generator=generator), ALPHA_MNIST) for _ in range(blocks)]
        )

    def forward(self, x: torch.Tensor, c: torch.Tensor):
        log_det = x.new_zeros(x.shape[0])
        for block in self.block:
            x, d = block(x, c)
            log_det = log_det + d
        return x, log_det

    def inverse(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        for block in reversed(self.block):
            z = block.inverse(z, c)
        return z


def nll_per_dimension(z: torch.Tensor, log_det: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood in nats per dimension, with the Gaussian's constant, [N]."""
    d = z.shape[1]
    return (0.5 * z.pow(2).sum(1) - log_det) / d + 0.5 * math.log(2 * math.pi)
