"""How a training step is run: on a processor's cores together, or recorded on a GPU."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch


@cache
def has_bfloat16(device: str) -> bool:
    """Whether bfloat16 saves time: a processor without instructions for it takes longer than in float32."""
    flags = Path("/proc/cpuinfo")
    if device != "cpu" or not flags.exists():
        return True
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags.read_text()) is not None


def autocast(device: str) -> torch.autocast:
    return torch.autocast(device, torch.bfloat16, enabled=has_bfloat16(device))


class Workers:
    """The processes that train together, one for each core; alone unless started by torchrun."""

    def __init__(self):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        torch.set_flush_denormal(True)  # gradients of faint colours are full of them, and each costs a hundred cycles
        if self.count > 1:
            torch.distributed.init_process_group("gloo")
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[self.rank % len(cores)]})
            torch.set_num_threads(1)

    def average(self, parameters: list[torch.nn.Parameter], figures: torch.Tensor) -> list[float]:
        """Gives every process the mean gradients, and returns the mean of the figures."""
        if self.count == 1:
            return figures.tolist()
        flat = torch.cat([q.grad.flatten() for q in parameters] + [figures]) / self.count
        torch.distributed.all_reduce(flat)
        sizes = [q.numel() for q in parameters]
        for q, part in zip(parameters, flat[: -len(figures)].split(sizes)):
            q.grad.copy_(part.view_as(q))
        return flat[-len(figures) :].tolist()

    def share(self, model: torch.nn.Module) -> None:
        """Gives every process the first one's weights."""
        if self.count > 1:
            for value in model.state_dict().values():
                sent = value.contiguous()
                torch.distributed.broadcast(sent, 0)
                value.copy_(sent)


class Recorded:
    """A computation on the GPU that is recorded once for each kind of step and replayed: thousands of kernels in one launch.

    It waits for nothing, and what it gives or keeps stays at the same place.
    """

    def __init__(self, compute: Callable[..., torch.Tensor]):
        self.compute, self.recordings, self.pool = compute, {}, torch.cuda.graph_pool_handle()

    def __call__(self, kind: tuple, *inputs: torch.Tensor) -> torch.Tensor:
        if kind not in self.recordings:
            own = [x.clone() for x in inputs]
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(2):  # what libraries prepare at first
                    self.compute(kind, *own)
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.pool):
                result = self.compute(kind, *own)
            self.recordings[kind] = (graph, own, result)
        graph, own, result = self.recordings[kind]
        for place, x in zip(own, inputs):
            place.copy_(x)
        graph.replay()
        return result
