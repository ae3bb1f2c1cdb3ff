"""Feeds the whole program damaged files: images, metadata, models, configurations, sidecars and ledgers.

`python fuzz.py PROGRAM [--images 10000] [--metadata 5000] [--others 1000] [--seed 1] [--model FILE] [--keep DIR]`

Every image must be published whole or lie in `failed/` with a reason; the daemon must end by itself with code 0 or 1, in
time and within its memory. One of which only the metadata are damaged must be published. A damaged model or configuration must be refused with a message, a damaged ledger be set aside
and made anew. Inputs that break a rule, and those that crashed their decoder, are kept in DIR.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import metadata
from mutations import flip, mutated, number, png, truncate

SETTINGS = ["samples: 1", "candidates: 1", "sheet: false", "uncertainty: false", "colored: recolor", "quiet_seconds: 0",
            "attempts: 1", "backoff_seconds: 0", "decode_seconds: 20", "maximum_megapixels: 12", "log_level: warning"]  # fmt: skip


class Fuzz:
    def __init__(self, program: str, model: str, seed: int, root: Path, keep: Path | None) -> None:
        self.program, self.model, self.seed, self.root, self.keep = program, model, seed, root, keep
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.peak = 0

    def problem(self, text: str, *files: tuple[str, bytes]) -> None:
        self.problems.append(text)
        print("PROBLEM", text, flush=True)
        self.save(*files)

    def save(self, *files: tuple[str, bytes]) -> None:
        if self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            for name, data in files:
                (self.keep / name).write_bytes(data)

    def run(self, *arguments: str, limit: float = 600) -> tuple[int, str]:
        """Runs the program, watches the memory of all its processes, and returns its code and its complaints."""
        process = subprocess.Popen(
            [self.program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        ended = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(process.pid, ended))
        watcher.start()
        try:
            errors = process.communicate(timeout=limit)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            self.problem(f"hangs: {' '.join(arguments)}")
            errors = process.communicate()[1]
        ended.set()
        watcher.join()
        return process.returncode, errors

    def watch(self, process: int, ended: threading.Event) -> None:
        while not ended.wait(0.1):
            self.peak = max(self.peak, sum(memory(p) for p in family(process)))

    # Images ----------------------------------------------------------------------------------------------------------

    def seeds(self) -> dict[str, bytes]:
        """Small photographs in every format, with profiles and metadata: the program's own results, and more by vips."""
        folder = self.root / "seeds"
        folder.mkdir()
        r = random.Random(self.seed)
        rows = b"".join(b"\0" + bytes(min(255, 3 * x + 2 * y + r.randrange(20)) for x in range(48)) for y in range(40))
        (folder / "gray.png").write_bytes(png(48, 40, data=rows))
        (folder / "deep.png").write_bytes(png(24, 20, 16, 4, bytes(i * 7 % 251 if i % 97 else 0 for i in range(97 * 20))))
        for ending in ("jpeg", "png", "tiff", "webp"):
            out = folder / ending
            code, errors = self.run(
                "colorize", str(folder / "gray.png"), "--output", str(out), "--samples", "1", "--format", ending,
                "--no-sheet", "--no-uncertainty", *self.model_option)  # fmt: skip
            assert code == 0, errors
            shutil.copy(next(out.glob("gray/01.*")), folder / f"coloured.{ending}")
        if vips := shutil.which("vips"):
            source = str(folder / "coloured.tiff")
            for name in ("progressive.jpg[interlace]", "adam7.png[interlace]", "palette.png[palette]",
                         "tiled.tif[tile,compression=lzw]", "jpeg.tif[compression=jpeg]", "fax.tif[bitdepth=1]",
                         "lossless.webp[lossless]", "animated.webp[page-height=20]"):  # fmt: skip
                subprocess.run([vips, "copy", source, str(folder / name)], check=False, stderr=subprocess.DEVNULL)
        return {f.name: f.read_bytes() for f in sorted(folder.iterdir()) if f.is_file() and f.stat().st_size}

    @property
    def model_option(self) -> list[str]:
        return ["--model", self.model]

    def configuration(self, folder: Path) -> Path:
        (folder / "inbox").mkdir(parents=True)
        file = folder / "service.yaml"
        places = [f"{name}: {folder}/{name}" for name in ("inbox", "outbox", "state")]
        file.write_text("\n".join([*places, f"model: {self.model}", *SETTINGS]) + "\n")
        return file

    def images(self, first: int, count: int, batch: int) -> None:
        seeds = self.seeds()
        count += first
        for start in range(first, count, batch):
            began = time.monotonic()
            folder = self.root / f"images-{start}"
            configuration = self.configuration(folder)
            inputs = dict(mutated(seeds, self.seed, index) for index in range(start, min(count, start + batch)))
            for name, data in inputs.items():
                (folder / "inbox" / name).write_bytes(data)
            # A hang, not a busy machine.
            code, errors = self.run("watch", "--once", "--config", str(configuration), limit=600 + 10 * len(inputs))
            if code not in (0, 1):
                self.problem(f"the daemon ended with {code}: {errors[-500:]}", *inputs.items())
            self.check(folder, inputs)
            shutil.rmtree(folder)
            self.counts["images"] += len(inputs)
            print(f"up to {start + len(inputs)}, {time.monotonic() - began:.0f} s, {dict(self.counts)}", flush=True)

    def check(self, folder: Path, inputs: dict[str, bytes]) -> None:
        """Whether every input was published whole, or lies in `failed/` with a reason."""
        published = set()
        for document in folder.glob("outbox/*/*.json"):
            result = json.loads(document.read_text())
            published.add(result["source"]["sha256"])
            for variant in result["variants"]:
                if sha256((document.parent / variant["file"]).read_bytes()) != variant["sha256"]:
                    self.problem(f"half a result: {document}")
        for hidden in folder.glob("outbox/.*/*"):
            self.problem(f"left behind: {hidden}")
        for name, data in inputs.items():
            aside = folder / "state/failed" / name
            if aside.exists():
                reports = [json.loads(f.read_text()) for f in aside.parent.glob(name + "*.json")]
                reason = reports[0].get("reason", "") if reports else ""
                if aside.read_bytes() != data:
                    self.problem(f"{name}: changed on its way to failed/", (name, data))
                elif not reason or "unknown error" in reason:
                    self.problem(f"{name}: failed without a reason: '{reason}'", (name, data))
                elif "the decoder " in reason or "no decoder" in reason or "took longer" in reason:
                    self.counts["contained"] += 1
                    print("contained", name, reason, flush=True)
                    self.save((name, data))
                self.counts["refused"] += 1
                self.reasons[reason[:40]] += 1
            elif sha256(data) in published:
                self.counts["published"] += 1
                if not (folder / "inbox" / name).exists():
                    self.problem(f"{name}: published, and gone from the inbox", (name, data))
            else:
                self.problem(f"{name}: neither published nor failed", (name, data))

    # Metadata --------------------------------------------------------------------------------------------------------

    def rich(self) -> dict[str, bytes]:
        """Photographs with all kinds of metadata, one of each format: the program's own results, and more by exiftool."""
        folder = self.root / "rich"
        folder.mkdir()
        (folder / "gray.png").write_bytes(png(48, 40, data=b"".join(b"\0" + bytes(x + y for x in range(48)) for y in range(40))))
        seeds = {}
        for form in metadata.WRITERS:
            code, errors = self.run(
                "colorize", str(folder / "gray.png"), "--output", str(folder / form), "--samples", "1", "--format", form,
                "--no-sheet", "--no-uncertainty", *self.model_option)  # fmt: skip
            assert code == 0, errors
            file = next((folder / form).glob("gray/01.*"))
            if tool := shutil.which("exiftool"):
                fields = ["-Make=Canon", "-GPSLatitude=52.5", "-GPSLatitudeRef=N", "-UserComment=c", "-XMP-dc:Subject=a",
                          "-XMP-mwg-rs:RegionName=Ann", "-XMP-xmpMM:HistoryAction+=saved", "-Keywords=k", "-Orientation#=6",
                          "-XMP-iptcExt:LocationShownCity=C", "-ThumbnailImage<=" + str(folder / "gray.png")]  # fmt: skip
                subprocess.run([tool, "-q", "-q", "-m", "-overwrite_original", *fields, str(file)], check=False)
            seeds[form] = file.read_bytes()
        return seeds

    def metadata(self, count: int, batch: int) -> None:
        seeds = self.rich()
        huge = {name: metadata.WRITERS[form](seeds[form], kind, change) for name, (form, kind, change) in metadata.large().items()}
        parts = [dict(metadata.damaged(seeds, self.seed, i) for i in range(start, min(count, start + batch)))
                 for start in range(0, count, batch)]  # fmt: skip
        for index, inputs in enumerate([huge, *parts]):
            folder = self.root / f"metadata-{index}"
            configuration = self.configuration(folder)
            for name, data in inputs.items():
                (folder / "inbox" / name).write_bytes(data)
            before, peak = self.counts.copy(), self.peak
            code, errors = self.run("watch", "--once", "--config", str(configuration), limit=600 + 10 * len(inputs))
            if code not in (0, 1):
                self.problem(f"the daemon ended with {code}: {errors[-500:]}", *inputs.items())
            if inputs is huge:
                # The decoder reads the whole file, and copies the block.
                print(f"{self.peak >> 20} MB of memory for blocks of {metadata.LARGE >> 20} MB", flush=True)
                self.peak = peak
            self.check(folder, inputs)
            for name, data in inputs.items():
                if (folder / "state/failed" / name).exists():
                    self.problem(f"{name}: its metadata cost the picture", (name, data))
            for document in folder.glob("outbox/*/*.json"):
                warnings = json.loads(document.read_text())["warnings"]
                self.counts["metadata, with a warning"] += any("cannot be read" in warning for warning in warnings)
                self.reasons.update(w.split(": ")[-1][:40] for w in warnings if "cannot be read" in w)
            for kind in ("published", "refused", "contained"):
                self.counts[f"metadata, {kind}"] += self.counts[kind] - before[kind]
                self.counts[kind] = before[kind]
            shutil.rmtree(folder)
            print(f"metadata, {index * batch}: {dict(self.counts)}", flush=True)

    # Other files -----------------------------------------------------------------------------------------------------

    def damaged(self, data: bytes, index: int, head: int | None = None) -> bytes:
        """A copy with some damage, all of it in the first `head` bytes if told."""
        r = random.Random(f"{self.seed}/other/{index}")
        first, rest = data[:head], data[len(data[:head]) :]
        kind = r.choice([flip, flip, number, truncate])
        return kind(r, first, []) + (b"" if kind is truncate and r.random() < 0.5 else rest)

    def models(self, count: int) -> None:
        """Damage to the header, whole or cut off; that to the weights is only other weights."""
        data = Path(self.model).read_bytes()
        head = 8 + int.from_bytes(data[:8], "little")
        for index in range(count):
            file = self.root / "damaged.safetensors"
            file.write_bytes(self.damaged(data, index, head if index % 3 else 64))
            code, errors = self.run("model", str(file), "--json", limit=120)
            if code not in (0, 2) or (code == 2 and str(file) not in errors):
                self.problem(f"model {index}: code {code}: {errors[-300:]}", (f"{index}.safetensors", file.read_bytes()[:head]))
            self.counts[f"models, code {code}"] += 1

    def configurations(self, count: int) -> None:
        folder = self.root / "configurations"
        self.configuration(folder)
        settings = "\n".join(SETTINGS + ["exclude: ['*.bak', \"b?\"]", "workers: 1", "rescan_seconds: 300"]).encode()
        places = [f"--{name}={folder}/{name}" for name in ("inbox", "outbox", "state")]
        for index in range(count):
            damaged = self.damaged(settings, index) + f"\nmodel: {self.model}\n".encode()
            (folder / "service.yaml").write_bytes(damaged)
            code, errors = self.run("watch", "--once", "--config", str(folder / "service.yaml"), *places, limit=120)
            if code not in (0, 2) or (code == 2 and "service.yaml" not in errors and "must be" not in errors):
                self.problem(f"configuration {index}: code {code}: {errors[-300:]}", (f"{index}.yaml", damaged))
            self.counts[f"configurations, code {code}"] += 1

    def sidecars(self, count: int) -> None:
        folder = self.root / "sidecars"
        configuration = self.configuration(folder)
        settings = "samples: 2\nseed: 7\ntemperature: 0.5\nsaturation: 1.2\nformat: png\nquality: 90\nmode_first: true\n".encode()
        inputs = {}
        for index in range(count):
            name = f"{index:05d}.png"
            inputs[name] = png(8, 8, data=b"".join(b"\0" + (index * 9 + y).to_bytes(4, "big") * 2 for y in range(8)))
            (folder / "inbox" / name).write_bytes(inputs[name])
            (folder / "inbox" / (name + ".autochrome.yaml")).write_bytes(self.damaged(settings, index))
        code, errors = self.run("watch", "--once", "--config", str(configuration), limit=3000)
        if code not in (0, 1):
            self.problem(f"sidecars: the daemon ended with {code}: {errors[-500:]}")
        before = self.counts.copy()
        self.check(folder, inputs)
        for kind in ("published", "refused"):
            self.counts[f"sidecars, {kind}"] = self.counts[kind] - before[kind]
            self.counts[kind] = before[kind]

    def ledgers(self, count: int) -> None:
        folder = self.root / "ledgers"
        configuration = self.configuration(folder)
        inputs = {f"{n}.png": png(8, 8, data=bytes(n + i % 9 for i in range(72))) for n in range(3)} | {"bad.png": b"\x89PNG no"}
        for name, data in inputs.items():
            (folder / "inbox" / name).write_bytes(data)
        self.run("watch", "--once", "--config", str(configuration))
        saved = folder / "saved"
        shutil.copytree(folder / "state", saved)
        results = sorted(str(p) for p in (folder / "outbox").rglob("*"))
        databases = [p.relative_to(saved) for p in saved.rglob("*") if p.is_file() and p.read_bytes()[:6] == b"SQLite"]
        assert databases, "no ledger"
        for index in range(count):
            shutil.rmtree(folder / "state")
            shutil.copytree(saved, folder / "state")
            for database in databases:
                data = (saved / database).read_bytes()
                (folder / "state" / database).write_bytes(self.damaged(data, index, 100 if index % 4 == 0 else None))
            code, errors = self.run("watch", "--once", "--config", str(configuration), limit=120)
            kept = (f"{index}.sqlite", (folder / "state" / databases[0]).read_bytes())
            if code not in (0, 1) and not (code == 2 and errors.strip()):
                self.problem(f"ledger {index}: code {code}: {errors[-300:]}", kept)
            if sorted(str(p) for p in (folder / "outbox").rglob("*")) != results:
                self.problem(f"ledger {index}: the results are others now: {errors[-300:]}", kept)
            for name, data in inputs.items():
                places = [folder / "inbox" / name, folder / "state/failed" / name]
                if not any(p.exists() and p.read_bytes() == data for p in places):
                    self.problem(f"ledger {index}: {name} is lost", kept)
            self.counts[f"ledgers, code {code}"] += 1


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def family(process: int) -> list[int]:
    """A process and all below it."""
    found = [process]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        except OSError:
            # It has ended meanwhile.
            pass
    return found


def memory(process: int) -> int:
    """Bytes that a process has for itself, and shared memory that it maps."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(("RssAnon", "RssShmem")))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program")
    p.add_argument("--model", default=str(Path(__file__).parent.parent / "Models/compact.safetensors"))
    p.add_argument("--images", type=int, default=10_000)
    p.add_argument("--metadata", type=int, default=5000, help="photographs of which only the metadata are damaged")
    p.add_argument("--first", type=int, default=0, help="the first image's number, to go on with an interrupted run")
    p.add_argument("--others", type=int, default=1000, help="damaged models, configurations, sidecars and ledgers, each")
    p.add_argument("--batch", type=int, default=500, help="images of one run of the daemon")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--megabytes", type=int, default=500, help="memory that all processes may take")
    p.add_argument("--keep", type=Path, help="where inputs that found something are kept")
    args = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="autochrome-fuzz-") as root:
        fuzz = Fuzz(args.program, args.model, args.seed, Path(root), args.keep)
        if args.images:
            fuzz.images(args.first, args.images, args.batch)
        if args.metadata:
            fuzz.metadata(args.metadata, args.batch)
        if args.others:
            for part in (fuzz.ledgers, fuzz.configurations, fuzz.sidecars, fuzz.models):
                part(args.others)
                print(dict(fuzz.counts), flush=True)
        if fuzz.peak > args.megabytes << 20:
            fuzz.problem(f"{fuzz.peak >> 20} MB of memory")
        summary = {"seed": args.seed, "counts": fuzz.counts, "reasons": fuzz.reasons.most_common(25),
                   "peak_megabytes": fuzz.peak >> 20, "problems": fuzz.problems}  # fmt: skip
        print(json.dumps(summary, indent=2))
    sys.exit(1 if fuzz.problems else 0)


if __name__ == "__main__":
    main()
