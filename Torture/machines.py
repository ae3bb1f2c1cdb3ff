"""Several hosts work off one inbox through a real Redis while everything that can fail does.

`python machines.py [--files 10000] [--workers 4] [--seed 1] [--seconds 8] [--lease 2]`: each host is a network namespace with a
name, an address and an interface of its own; all share one folder, whose renames know no rules and whose locks hold
nobody, as on NFS (a real NFS mount needs a kernel that can). One thing after another happens, with some seconds between:
workers, coordinator and Redis are killed; workers and coordinator are stopped for two leases; links are cut; Redis is
paused, forgets everything, has a full disk or no memory, starts again with the end of its file cut off, and has its clock
set back and forth. Photographs arrive all the while. Without the right to make namespaces all run on one host, and no link
is cut.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from spool import HERE, PROGRAM, Outcome, Spool, finish, picture, preload, sha256, stop

# Any model will do, and this one takes the least time.
MODEL = HERE.parent / "Tests/FlowTests/Golden/model-tiny.safetensors"
SERVER = "/usr/bin/redis-server"


def quiet(*command: object) -> bool:
    done = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


class Network:
    """A bridge with hosts on it, each in a namespace of its own; without the right to make any, one host for all."""

    def __init__(self, hosts: list[str]) -> None:
        self.hosts = hosts
        self.tag = f"ac{os.getpid() % 10000}"
        self.net = f"10.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}"
        self.real = True
        self.real = os.geteuid() == 0 and bool(shutil.which("ip")) and self.make()

    def make(self) -> bool:
        if not quiet("ip", "link", "add", self.tag, "type", "bridge"):
            return False
        made = quiet("ip", "link", "set", self.tag, "up")
        for number, host in enumerate(self.hosts):
            space, link = f"{self.tag}-{host}", f"{self.tag}{number}"
            for words in (
                f"netns add {space}", f"link add {link} type veth peer name eth0 netns {space}",
                f"link set {link} master {self.tag} up", f"-n {space} addr add {self.address(host)}/24 dev eth0",
                f"-n {space} link set eth0 up", f"-n {space} link set lo up",
            ):  # fmt: skip
                made = made and quiet("ip", *words.split())
        if not made:
            self.remove()
        return made

    def remove(self) -> None:
        for host in self.hosts:
            quiet("ip", "netns", "del", f"{self.tag}-{host}")
        quiet("ip", "link", "del", self.tag)

    def address(self, host: str) -> str:
        return f"{self.net}.{self.hosts.index(host) + 1}" if self.real else "127.0.0.1"

    def on(self, host: str) -> list[str]:
        """What comes before a command that a host is to run; each step becomes the next, so that the process stays."""
        if not self.real:
            return []
        name = ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', host]
        return ["ip", "netns", "exec", f"{self.tag}-{host}", *name]

    def link(self, host: str, state: str) -> None:
        quiet("ip", "link", "set", f"{self.tag}{self.hosts.index(host)}", state)


class Cluster:
    """The processes on all hosts, and what befalls them."""

    def __init__(self, program: Path, workers: int, files: int, lease: float, generator: random.Random) -> None:
        self.program = program
        self.lease = lease
        self.random = generator
        self.names = [f"w{n}" for n in range(workers)]
        self.network = Network(["nas", "redis", *self.names])
        self.port = random.randrange(20000, 30000)
        self.spool = Spool(
            program, quiet_seconds=0.1, model=MODEL, queue=self.url, lease_seconds=self.lease, queue_works="false",
            log_level="info", rescan_seconds=5,
        )  # fmt: skip
        self.data = self.spool.root.parent / f"{self.spool.root.name}-redis"
        self.data.mkdir()
        self.full, self.clock = self.data / "full", self.data / "clock"
        self.good: dict[str, bytes] = {}
        # Whatever follows a picture makes it another one, and takes no time.
        some = [picture(n) for n in range(50)]
        self.pool = [(ending, data + str(n).encode()) for n in range(files) for ending, data in [some[n % len(some)]]]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.counts: dict[str, int] = {}
        self.outcome = Outcome()
        self.known: dict[tuple[str, str], int] = {}

    @property
    def url(self) -> str:
        return f"redis://{self.network.address('redis')}:{self.port}/1"

    # Processes

    def launch(self, host: str, *command: object, **variables: object) -> None:
        environment = dict(os.environ) | {k.upper(): str(v) for k, v in variables.items()}
        environment |= {"LD_PRELOAD": str(preload())}
        with open(self.spool.log.with_suffix(f".{host}"), "ab") as log:
            self.processes[host] = subprocess.Popen(
                [*self.network.on(host), *map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, start_new_session=True,
            )  # fmt: skip

    def start(self, host: str) -> None:
        shared = {"torture_root": self.spool.root, "torture_plain": 1, "torture_unlocked": 1}
        if host == "redis":
            self.launch(
                host, SERVER, "--port", self.port, "--bind", self.network.address(host), "--protected-mode", "no",
                "--dir", self.data, "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction",
                torture_root=self.data, torture_full=self.full, torture_clock=self.clock,
            )  # fmt: skip
        elif host == "nas":
            self.launch(host, self.program, "watch", "--config", self.spool.configuration, **shared)
        else:
            folders = ["--inbox", self.spool.inbox, "--outbox", self.spool.outbox, "--model", MODEL]
            # The host's own name tells it where there are no namespaces.
            self.launch(
                host, self.program, "work", "--queue", self.url, *folders, "--threads", 1, "--config",
                self.spool.configuration, autochrome_test_host=host, **shared,
            )  # fmt: skip

    def kill(self, host: str, how: int = signal.SIGKILL) -> None:
        process = self.processes.pop(host)
        code = process.poll()
        if code is not None:
            self.outcome.other.append(f"{host} ended by itself with {code}; see {self.spool.log.with_suffix(f'.{host}')}")
        stop(process, how)

    def redis(self, *words: object) -> None:
        address = ["-h", self.network.address("redis"), "-p", str(self.port)]
        quiet(*self.network.on("redis"), "timeout", "5", "redis-cli", *address, *words)

    # What happens

    def deeds(self) -> list[Callable[[], None]]:
        worker: Callable[[], str] = lambda: self.random.choice(self.names)
        some = [
            lambda: self.restart(worker()), lambda: self.restart(worker()), lambda: self.restart("nas"),
            lambda: self.restart("redis"), self.cut_file, lambda: self.freeze(worker()), lambda: self.freeze("nas"),
            self.pause, self.forget, self.fill_disk, self.fill_memory, self.turn_clock,
        ]  # fmt: skip
        if self.network.real:
            some += [lambda: self.cut_link(worker()), lambda: self.cut_link("nas"), lambda: self.cut_link("redis")]
        return some

    def count(self, deed: str) -> None:
        self.counts[deed] = self.counts.get(deed, 0) + 1

    def rest(self, longest: float) -> None:
        time.sleep(self.random.uniform(0, longest))

    def restart(self, host: str) -> None:
        self.count(f"kill {host.rstrip('0123456789')}")
        self.kill(host)
        self.rest(self.lease)
        self.start(host)

    def cut_file(self) -> None:
        self.count("cut file")
        self.kill("redis")
        for file in (self.data / "appendonlydir").glob("*.incr.aof"):
            size = file.stat().st_size
            os.truncate(file, max(0, size - self.random.randrange(1 + size // 2)))
        self.start("redis")

    def freeze(self, host: str) -> None:
        self.count("stop " + host.rstrip("0123456789"))
        os.kill(self.processes[host].pid, signal.SIGSTOP)
        time.sleep(2 * self.lease)
        os.kill(self.processes[host].pid, signal.SIGCONT)

    def cut_link(self, host: str) -> None:
        self.count("cut " + host.rstrip("0123456789"))
        self.network.link(host, "down")
        self.rest(2 * self.lease)
        self.network.link(host, "up")

    def pause(self) -> None:
        self.count("pause")
        self.redis("CLIENT", "PAUSE", int(self.random.uniform(0.1, 2 * self.lease) * 1000), "ALL")

    def forget(self) -> None:
        self.count("flush")
        self.redis("FLUSHALL")

    def fill_disk(self) -> None:
        self.count("full disk")
        self.full.touch()
        time.sleep(self.lease)
        self.full.unlink()

    def fill_memory(self) -> None:
        self.count("full memory")
        self.redis("CONFIG", "SET", "maxmemory", 1)
        self.rest(self.lease)
        self.redis("CONFIG", "SET", "maxmemory", 0)

    def turn_clock(self) -> None:
        self.count("clock")
        self.clock.write_text(str(self.random.choice([0, -3600, -86400, 10, 3600])))

    # The run

    def arrive(self, number: int) -> None:
        for _ in range(min(number, len(self.pool))):
            ending, data = self.pool.pop()
            name = f"{self.random.choice(['', 'a/', 'a/b/', 'ö c/'])}{len(self.good)}{ending}"
            self.spool.drop(name, data)
            self.good[name] = data

    def look(self) -> int:
        """The number of results, after a look at each."""
        self.spool.look(self.known, self.outcome)
        return len(self.known)

    def published(self) -> int:
        counts = self.spool.status().get("counts", {})
        return counts.get("published", 0) + counts.get("quarantined", 0)

    def settle(self, seconds: float) -> None:
        """All is left in peace until nothing is left to do; what was quarantined for the kills is tried again."""
        self.clock.write_text("0")
        self.redis("CONFIG", "SET", "maxmemory", 0)
        end = time.monotonic() + seconds
        tries = 0
        while time.monotonic() < end:
            time.sleep(1)
            counts = self.spool.status().get("counts", {})
            waiting = sum(counts.get(k, 1) for k in ("received", "claimed", "waiting"))
            if waiting or sum(counts.values()) < len(self.good):
                continue
            if self.spool.reasons() and tries < 3:
                tries += 1
                self.spool.run("retry")
                continue
            return
        self.outcome.other.append(f"not settled after {seconds:.0f} s: {self.spool.status()}")

    def run(self, files: int, seconds: float) -> None:
        # The coordinator marks the folders, and a worker works on marked ones alone.
        for host in ["redis", "nas"]:
            self.start(host)
        while not (self.spool.inbox / ".autochrome.id").exists():
            assert self.processes["nas"].poll() is None, f"the coordinator did not start; see {self.spool.log.parent}"
            time.sleep(0.05)
        for host in self.names:
            self.start(host)
        self.arrive(max(1, files // 2))
        share = max(1, files // 40)
        deeds = self.deeds()
        self.random.shuffle(deeds)
        turn = 0
        # Nine tenths are done under disturbances, however long that takes.
        while self.pool or turn < len(deeds) or self.published() < 0.9 * len(self.good):
            self.rest(seconds)
            self.arrive(share)
            deeds[turn % len(deeds)]()
            turn += 1
            if turn % len(deeds) == 0:
                self.random.shuffle(deeds)
                print(f"{turn} disturbances, {self.look()} results of {len(self.good)}", flush=True)
        self.settle(120 + files)
        for host in [*self.names, "nas", "redis"]:
            self.kill(host, signal.SIGTERM)
        # The start sweeps what the killed ones left.
        self.start("redis")
        for host in self.names:
            self.start(host)
        time.sleep(2)
        self.start("nas")
        self.settle(60)
        for host in [*self.names, "nas", "redis"]:
            self.kill(host, signal.SIGTERM)
        self.look()
        self.outcome.add(self.spool.judge(self.good, set()))

    def remove(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.network.remove()
        shutil.rmtree(self.data, ignore_errors=True)
        if not self.outcome:
            for log in self.spool.log.parent.glob(f"{self.spool.log.stem}.*"):
                log.unlink()
            self.spool.remove()


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--program", type=Path, default=PROGRAM)
    p.add_argument("--files", type=int, default=10_000)
    p.add_argument("--workers", type=int, default=4)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=float, default=8, help="between two disturbances at most")
    p.add_argument("--lease", type=float, default=2)
    args = p.parse_args()
    # A harness that is told to end leaves no namespaces behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cluster = Cluster(args.program, args.workers, args.files, args.lease, random.Random(args.seed))
    try:
        cluster.run(args.files, args.seconds)
    finally:
        cluster.remove()
    hosts = "network namespaces" if cluster.network.real else "one host: links were not cut"
    print(", ".join(f"{name} {count}" for name, count in sorted(cluster.counts.items())))
    print(f"{len(cluster.good)} photographs, {args.workers} workers, {hosts} (seed {args.seed}); {cluster.outcome}")
    if cluster.outcome:
        print(f"see {cluster.spool.root} and {cluster.spool.log.with_suffix('.*')}")
    finish(sum(cluster.counts.values()), cluster.outcome)


if __name__ == "__main__":
    main()
