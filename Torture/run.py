"""Runs every harness, whatever becomes of the others, and ends with a table.

`python run.py [--kills 2000] [--every 1] [--cuts 200] [--rounds 100] [--files 100000] [--seconds 60] [--arrivals 600]
[--machines 10000]`:
what a harness prints is passed on; the last line of each is a JSON document with its numbers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from spool import HERE, PROGRAM

COLUMNS = ["cases", "lost", "half", "twice", "other"]


def run(program: Path, harness: str, arguments: list[str]) -> dict[str, object]:
    """One row of the table."""
    print(f"\n== {harness} {' '.join(arguments)}", flush=True)
    began = time.monotonic()
    command = [sys.executable, str(HERE / harness), "--program", str(program), *arguments]
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stdout or []:
            last = line
            if not line.startswith("{"):
                print(line, end="", flush=True)
    try:
        numbers = json.loads(last)
    except ValueError:
        numbers = {}
    row: dict[str, object] = {"harness": " ".join([harness.removesuffix(".py"), *arguments])}
    row |= {column: numbers.get(column, "-") for column in COLUMNS}
    row["time"] = f"{time.monotonic() - began:.0f} s"
    row[""] = "" if process.returncode == 0 and numbers else f"FAILED ({process.returncode})"
    return row


def table(rows: list[dict[str, object]]) -> str:
    columns = list(rows[0])
    lines = [columns, *([str(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    text = []
    for line in lines:
        cells = [cell.rjust(width) if 0 < n < len(line) - 1 else cell.ljust(width)
                 for n, (cell, width) in enumerate(zip(line, widths))]  # fmt: skip
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--kills", type=int, default=2000)
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--cuts", type=int, default=200)
    p.add_argument("--rounds", type=int, default=100)
    p.add_argument("--files", type=int, default=100_000)
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--arrivals", type=int, default=600)
    p.add_argument("--machines", type=int, default=10_000, help="photographs for several hosts")
    p.add_argument("--only", nargs="*", help="these harnesses alone, as `kills races`")
    args = p.parse_args()
    part = str(max(1, args.kills // 4))
    harnesses = [
        ("kills.py", ["--kills", str(args.kills)]),
        ("kills.py", ["--kills", part, "--seed", "2", "--originals", "archive"]),
        ("kills.py", ["--kills", part, "--seed", "3", "--originals", "delete"]),
        ("kills.py", ["--kills", part, "--seed", "4", "--plain"]),
        ("events.py", ["--kills", str(max(1, args.kills // 2))]),
        ("choices.py", ["--kills", part]),
        ("choices.py", ["--kills", part, "--seed", "2", "--plain"]),
        ("names.py", ["--rounds", str(args.rounds)]),
        ("faults.py", ["--every", str(args.every)]),
        ("powercut.py", ["--cuts", str(args.cuts)]),
        ("diskfull.py", []),
        ("races.py", ["--seconds", str(args.seconds)]),
        ("load.py", ["--files", str(args.files), "--seconds", str(args.arrivals)]),
        ("stuck.py", []),
        ("machines.py", ["--files", str(args.machines)]),
    ]
    rows = []
    for harness, arguments in harnesses:
        if not args.only or harness.removesuffix(".py") in args.only:
            rows.append(run(args.program, harness, arguments))
    print(f"\n{table(rows)}")
    sys.exit(1 if any(row[""] for row in rows) else 0)


if __name__ == "__main__":
    main()
