"""Drops photographs into a running daemon's inbox, some of them written slowly, and watches what is published and when.

`python intake.py PROGRAM PHOTOS [--count 200] [--slow 10]`: PHOTOS is a folder of gray JPEG files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path


def whole(folder: Path) -> bool:
    """Whether a result is complete and every variant is what its metadata say."""
    document = json.loads(next(folder.glob("*.json")).read_text())
    named = all(hashlib.sha256((folder / v["file"]).read_bytes()).hexdigest() == v["sha256"] for v in document["variants"])
    return named and len(document["variants"]) == document["settings"]["samples"] and (folder / "sheet.jpg").exists()


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("photos", type=Path)
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--slow", type=int, default=10)
    p.add_argument("--seconds", type=float, default=20, help="how long the slow ones take")
    args = p.parse_args()
    sources = sorted(args.photos.iterdir())[: args.count]
    assert len(sources) == args.count, f"{len(sources)} photographs in {args.photos}"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        inbox, outbox = root / "inbox", root / "outbox"
        inbox.mkdir()
        daemon = subprocess.Popen(
            [args.program, "watch", "--inbox", inbox, "--outbox", outbox, "--state", root / "state"],
            stderr=subprocess.DEVNULL,
        )
        while not (root / "state/status.json").exists():
            time.sleep(0.05)
        finished: dict[str, float] = {}

        def write_slowly(source: Path) -> None:
            data = source.read_bytes()
            pieces = 40
            with open(inbox / source.name, "wb", buffering=0) as f:
                for i in range(pieces):
                    f.write(data[len(data) * i // pieces : len(data) * (i + 1) // pieces])
                    time.sleep(args.seconds / pieces)
            finished[source.stem] = time.time()

        start = time.time()
        writers = [threading.Thread(target=write_slowly, args=(s,)) for s in sources[: args.slow]]
        for writer in writers:
            writer.start()
        for source in sources[args.slow :]:
            (inbox / source.name).write_bytes(source.read_bytes())
        seen: dict[str, float] = {}
        early = broken = 0
        while len(seen) < args.count and time.time() - start < 900:
            for folder in outbox.iterdir() if outbox.exists() else []:
                if folder.name.startswith(".") or folder.name in seen:
                    continue
                seen[folder.name] = time.time()
                broken += not whole(folder)
                slow = folder.name in {s.stem for s in sources[: args.slow]}
                early += slow and folder.name not in finished
            time.sleep(0.01)
        elapsed = time.time() - start
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait()
        failed = [f for f in (root / "state/failed").rglob("*")]
        print(f"{len(seen)} of {args.count} published in {elapsed:.1f} s, {args.slow} of them written over {args.seconds} s")
        print(f"early {early}, broken {broken}, failed {len(failed)}, exit code {code}")


if __name__ == "__main__":
    main()
