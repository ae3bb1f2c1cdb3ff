"""Times the layers of main.swift in PyTorch, for comparison: python pytorch.py [seconds per layer]"""

import re
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.3
source = (Path(__file__).parent / "main.swift").read_text()
torch.set_grad_enabled(False)


def best(body):
    body()
    shortest, total = float("inf"), 0.0
    while total < seconds:
        start = time.perf_counter()
        body()
        elapsed = time.perf_counter() - start
        shortest, total = min(shortest, elapsed), total + elapsed
    return shortest


print(f"PyTorch {torch.__version__}")
for line in re.findall(r"^    Layer\((.*)\),$", source, re.M):
    name = re.search(r'name: "(.*?)"', line).group(1)
    v = {k: int(n) for k, n in re.findall(r"(\w+): (\d+)", line)}
    stride, dilation, kernel = v.get("stride", 1), v.get("dilation", 1), v["kernel"]
    depthwise, transposed = "depthwise: true" in line, "transposed: true" in line
    groups = v["inputs"] if depthwise else 1
    x = torch.randn(v["batch"], v["inputs"], v["size"], v["size"])
    w = torch.randn(v["outputs"], v["inputs"] // groups, kernel, kernel)
    if transposed:
        w = w.transpose(0, 1).contiguous()
    work = 2e-9 * v["batch"] * v["size"] ** 2 * v["inputs"] / groups * v["outputs"] * kernel**2
    work /= 1 if transposed else stride**2
    columns = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        if transposed:
            elapsed = best(lambda: F.relu_(F.conv_transpose2d(x, w, None, 2, 1)))
        else:
            padding = dilation * (kernel // 2)
            elapsed = best(lambda: F.relu_(F.conv2d(x, w, None, stride, padding, dilation, groups)))
        columns.append(f"{elapsed * 1000:8.3f} ms {work / elapsed:6.0f}")
    print(f"{name:20s} {work:7.3f}  {'   '.join(columns)}")
