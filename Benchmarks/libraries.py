"""The network of `Reference/` in inference libraries, each as (conditioning, sampling) of one photograph's samples.

ONNX Runtime and OpenVINO run what PyTorch exports; they are left out where Python has no such package.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "Reference"))
from autochrome import network  # noqa: E402

Run = Callable[[], tuple[float, float]]


class Conditioning(torch.nn.Module):
    """Lightness [1, 1, 256, 256] -> everything the flow needs to know, as tensors in the order of `packed`."""

    def __init__(self, model: network.Colorizer):
        super().__init__()
        self.model = model

    def forward(self, lightness: torch.Tensor) -> tuple[torch.Tensor, ...]:
        c = self.model.conditions(self.model.features(lightness))
        if self.model.regression is not None:
            self.model.compare(c)
        return tuple(packed(c))


class Sampling(torch.nn.Module):
    """z [N, 8192] and what `Conditioning` gives -> chroma [N, 2, 64, 64] as it is shown."""

    def __init__(self, model: network.Colorizer):
        super().__init__()
        self.model = model

    def forward(self, z: torch.Tensor, *conditions: torch.Tensor) -> torch.Tensor:
        c = unpacked(self.model, [x.expand(z.shape[0], *x.shape[1:]) for x in conditions])
        return self.model.shown(self.model.inverse(z, c), c)


def packed(c: dict) -> list[torch.Tensor]:
    levels = [x for level in network.LEVELS for x in c[level]] + [c[5]]
    return levels + [*c["affine"], c["weights"], c["settled"]] if "affine" in c else levels


def unpacked(model: network.Colorizer, tensors: list[torch.Tensor]) -> dict:
    rest = iter(tensors)
    c: dict = {level: [next(rest) for _ in range(count)] for level, (_, count, *_) in network.LEVELS.items()}
    c[5] = next(rest)
    if model.regression is not None:
        c |= {"affine": (next(rest), next(rest)), "weights": next(rest), "settled": next(rest)}
    return c


def timed(conditioning: Callable, sampling: Callable) -> tuple[float, float]:
    start = time.perf_counter()
    conditions = conditioning()
    middle = time.perf_counter()
    sampling(conditions)
    return middle - start, time.perf_counter() - middle


def libraries(model: network.Colorizer, samples: int, threads: int, folder: Path) -> Iterator[tuple[str, Run]]:
    """Every library at hand, ready to be timed; exports are kept in the folder for other numbers of threads."""
    lightness, z = torch.randn(1, 1, 256, 256), torch.randn(samples, 8192)
    conditioning, sampling = Conditioning(model).eval(), Sampling(model).eval()

    @torch.no_grad()
    def pytorch(bfloat16: bool) -> tuple[float, float]:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return timed(lambda: conditioning(lightness), lambda conditions: sampling(z, *conditions))

    torch.set_num_threads(threads)
    yield "PyTorch float32", lambda: pytorch(False)
    yield "PyTorch bfloat16", lambda: pytorch(True)
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript")):
        return
    parts = [folder / "conditioning.onnx", folder / "sampling.onnx"]
    if not parts[0].exists():
        with torch.no_grad():
            torch.onnx.export(conditioning, (lightness,), str(parts[0]), dynamo=True, verbose=False)
            torch.onnx.export(sampling, (z, *conditioning(lightness)), str(parts[1]), dynamo=True, verbose=False)
    if importlib.util.find_spec("onnxruntime"):
        yield "ONNX Runtime", onnx_runtime(parts, lightness, z, threads)
    if importlib.util.find_spec("openvino"):
        yield "OpenVINO float32", openvino(parts, lightness, z, threads, "f32")
        yield "OpenVINO bfloat16", openvino(parts, lightness, z, threads, "bf16")


def onnx_runtime(parts: list[Path], lightness: torch.Tensor, z: torch.Tensor, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    first, second = (onnxruntime.InferenceSession(str(p), options, providers=["CPUExecutionProvider"]) for p in parts)

    def sample(conditions: list) -> list:
        return second.run(None, dict(zip((i.name for i in second.get_inputs()), [z.numpy(), *conditions])))

    return lambda: timed(lambda: first.run(None, {first.get_inputs()[0].name: lightness.numpy()}), sample)


def openvino(parts: list[Path], lightness: torch.Tensor, z: torch.Tensor, threads: int, precision: str) -> Run:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    first, second = (openvino.Core().compile_model(str(p), "CPU", settings) for p in parts)

    def sample(conditions) -> object:
        return second([z.numpy(), *(conditions[i] for i in range(len(first.outputs)))])

    return lambda: timed(lambda: first([lightness.numpy()]), sample)
