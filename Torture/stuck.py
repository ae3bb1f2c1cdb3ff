"""Lets one call of a worker never return: the watchdog is fed no more, and `status` says that the daemon is stuck.

`python stuck.py`: takes a little over five minutes, which is what a silent worker is given.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import time
from pathlib import Path

from spool import PROGRAM, Outcome, Spool, finish, picture


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    args = p.parse_args()
    spool = Spool(args.program, workers=1, decode_seconds=0.1)
    name = spool.root.parent / f"{spool.root.name}.notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(name))
        manager.settimeout(30)
        fired = spool.root.parent / f"{spool.root.name}.fired"
        ending, data = picture(1)
        # The folders are made by this; whatever is written below the outbox after it is a worker's.
        spool.run("watch", "--once")
        daemon = spool.start("watch", notify=name, root=spool.outbox, call="write", nth=1, errno=-2, fired=fired)
        spool.drop(f"a{ending}", data)
        last, began = time.monotonic(), time.monotonic()
        while time.monotonic() - began < 420:
            try:
                if manager.recv(4096) == b"WATCHDOG=1":
                    last = time.monotonic()
            except TimeoutError:
                break
            if time.monotonic() - last > 20:
                break
    silent = time.monotonic() - last
    report = subprocess.run(
        [spool.program, "status", "--config", spool.configuration], capture_output=True, text=True, check=False
    )
    print(f"stuck in {fired.read_text().strip()}" if fired.exists() else "the fault never fired")
    print(f"the watchdog was fed for {last - began:.0f} s and then no more for {silent:.0f} s; status: {report.stdout}")
    daemon.kill()
    daemon.wait()
    name.unlink()
    fits = fired.exists() and 300 < last - began < 400 and silent > 15 and report.returncode == 1
    if fits:
        spool.remove()
        fired.unlink()
    finish(1, Outcome() if fits and "STUCK" in report.stdout else Outcome(other=["the daemon was not seen to be stuck"]))


if __name__ == "__main__":
    main()
