"""Drives the queue's real scripts against a real Redis as many workers would, with no colouring, to find what saturates.

`python dispatch.py [--workers 1000] [--photographs 200000] [--renewals 1] [--window 2000]` (needs the package `redis`): all
workers hold a lease at any time; one after another ends its photograph and takes the next, while the coordinator keeps the
window full and hears the reports. Prints how long the server itself was busy for one photograph, by its own count, which
script that is, how many photographs a second fill a core of it, and what one order takes of its memory.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import tempfile
import time
from pathlib import Path

import redis

SCRIPTS = Path(__file__).resolve().parent.parent / "Sources/Queue/Scripts"
MODEL = hashlib.sha256(b"model").hexdigest()
SETTINGS = ("samples=8 seed=1 temperature=0.7 mode_first=true saturation=1.0 format=jpeg quality=92 sheet=true "
            "uncertainty=true")  # fmt: skip
BATCH = 100
LEASE = 60_000
Fields = list[object]


def key(name: str) -> str:
    return "autochrome:" + name


def order(number: int) -> tuple[str, str, Fields]:
    content = hashlib.sha256(str(number).encode()).hexdigest()
    token = hashlib.sha256(f"{content}\n{MODEL}\n{SETTINGS}".encode()).hexdigest()[:32]
    path = f"archive/box {number // 1000:04}/scan-{number:08}.tif"
    fields = ["version", "0.1.0", "path", path, "root", "/srv/photographs/inbox", "size", 12_345_678, "content", content,
              "model", MODEL, "settings", SETTINGS, "yaml", "", "token", token]  # fmt: skip
    return token, content, fields


class Server:
    """A redis-server of its own, as the queue wants it."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        socket = self.folder.name + "/redis"
        words = ["--port", "0", "--unixsocket", socket, "--dir", self.folder.name, "--appendonly", "yes", "--save", ""]
        self.process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=socket)
        while True:
            try:
                self.client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        self.scripts = {p.stem: self.client.script_load(p.read_text()) for p in SCRIPTS.glob("*.lua")}

    def seconds(self) -> float:
        cpu = self.client.info("cpu")
        return cpu["used_cpu_user"] + cpu["used_cpu_sys"]

    def bytes(self) -> int:
        return self.client.info("memory")["used_memory"]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class Simulation:
    def __init__(self, server: Server, workers: int, photographs: int, renewals: int, window: int) -> None:
        self.server, self.photographs, self.renewals, self.window = server, photographs, renewals, window
        self.leases: list[tuple[str, bytes, dict[bytes, bytes]] | None] = [None] * workers
        self.given = self.done = 0
        self.spent: dict[str, float] = {}

    def run_all(self, name: str, calls: list[tuple[list[str], list[object]]]) -> list[object]:
        """Many workers' calls of one script, sent together."""
        before = self.server.seconds()
        pipe = self.server.client.pipeline(transaction=False)
        for keys, arguments in calls:
            pipe.evalsha(self.server.scripts[name], len(keys), *map(key, keys), *arguments)
        answers = pipe.execute()
        self.spent[name] = self.spent.get(name, 0) + self.server.seconds() - before
        return answers

    def give(self) -> None:
        count = min(self.window - (self.given - self.done), self.photographs - self.given)
        calls = []
        for number in range(self.given, self.given + count):
            token, _, fields = order(number)
            calls.append((["orders", "bulk"], [token, *fields]))
        if calls:
            self.run_all("enqueue", calls)
        self.given += count

    def turn(self, numbers: list[int]) -> None:
        """Some workers end what they have and take the next."""
        held = [(n, lease) for n in numbers if (lease := self.leases[n])]
        calls = []
        for n, (stream, id, fields) in held:
            report = ["path", fields[b"path"], "content", fields[b"content"], "model", MODEL, "settings", SETTINGS,
                      "kind", "published", "detail", ""]  # fmt: skip
            ends = [f"worker-{n}", id, fields[b"token"], fields[b"content"], "1", *report]
            calls.append(([stream, "orders", "tries", "reports", "begun"], ends))
        if calls:
            self.run_all("finish", calls)
        keys = ["live", "bulk", "dead", "orders", "tries", "reports", "swept", "begun"]
        answers = self.run_all("take", [(keys, [f"worker-{n}", LEASE, 2]) for n in numbers])
        begun = []
        for n, answer in zip(numbers, answers):
            self.leases[n] = None
            if answer:
                words = answer[2]
                self.leases[n] = ("bulk", answer[1], dict(zip(words[::2], words[1::2])))
                begun.append((n, answer[1], self.leases[n][2][b"content"]))
        for first in [True] + [False] * self.renewals:
            calls = [(["bulk", "tries", "begun"], [f"worker-{n}", id, content if first else ""]) for n, id, content in begun]
            if calls:
                self.run_all("renew", calls)

    def hear(self) -> None:
        before = self.server.seconds()
        while answer := self.server.client.xread({key("reports"): "0"}, count=100):
            ids = [id for id, _ in answer[0][1]]
            self.server.client.xdel(key("reports"), *ids)
            self.done += len(ids)
        self.spent["reports"] = self.spent.get("reports", 0) + self.server.seconds() - before

    def run(self) -> None:
        generator = random.Random(1)
        numbers = list(range(len(self.leases)))
        turns = 0
        while self.done < self.photographs:
            self.give()
            generator.shuffle(numbers)
            for start in range(0, len(numbers), BATCH):
                self.turn(numbers[start : start + BATCH])
            self.hear()
            turns += 1
            if turns % 5 == 0:
                self.run_all("look", [(["live", "bulk", "dead", "reports", "hosts"], [100])])


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--workers", type=int, default=1000)
    p.add_argument("--photographs", type=int, default=200_000)
    p.add_argument("--renewals", type=int, default=1)
    p.add_argument("--window", type=int, default=2000)
    args = p.parse_args()
    server = Server()
    try:
        simulation = Simulation(server, args.workers, args.photographs, args.renewals, args.window)
        empty = server.bytes()
        simulation.give()
        size = (server.bytes() - empty) / simulation.given
        began, busy = time.monotonic(), server.seconds()
        simulation.run()
        wall, busy = time.monotonic() - began, server.seconds() - busy
        print(f"{args.workers} workers, {args.photographs} photographs: {wall:.0f} s, server busy {busy:.0f} s")
        for name, seconds in sorted(simulation.spent.items(), key=lambda item: -item[1]):
            print(f"  {name:8} {1e6 * seconds / args.photographs:7.1f} µs a photograph")
        print(f"server: {1e6 * busy / args.photographs:.0f} µs a photograph, so a core of it does "
              f"{args.photographs / busy:.0f} photographs/s; {size:.0f} bytes an order")  # fmt: skip
        print(f"memory at the end: {server.bytes() - empty} bytes more than empty")
    finally:
        server.close()


if __name__ == "__main__":
    main()
