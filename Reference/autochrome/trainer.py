"""A stage of training: what it begins with, its steps, and what is kept of them."""

from __future__ import annotations

import argparse
import copy
import json
import math
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from . import checkpoints, conditioning, data, efficientnet, evaluation, guidance, initialisation, modelfile, network
from . import palette, photographs, sheets, shards
from .devices import Recorded, Workers, autocast
from .discriminator import Discriminator

STAGES = ["conditioning", "flow", "joint"]
DECAY = 0.998  # of the weights' moving average


@dataclass
class Losses:
    """What a step computes of a batch."""

    own: torch.Tensor  # what is minimised
    guiding: guidance.Guidance | None  # of the samples, beside it
    figure: torch.Tensor  # what is reported


class Seen(NamedTuple):
    """What all workers saw of a step together, in the order of `Trainer.gradients`, and the time it ended."""

    figure: float
    cut_to: float  # the share of its length that is left of the guidance
    judged: float  # the judge's divergence, nats
    apart: float  # how ill samples are told from photographs
    between: float  # two samples' mean square distance from each other
    off: float  # and from the truth
    minutes: float
    asked: float  # more than 0 where a process was asked to end


class Trainer:
    """Trains a stage from its own checkpoint if there is one, else from the stage before it or the model that is named."""

    def __init__(self, args: argparse.Namespace, weighting: guidance.Weights, workers: Workers):
        self.args, self.weighting, self.workers = args, weighting, workers
        torch.manual_seed(args.seed)
        if args.preset == "paper":
            self.config = network.Config.paper(args.width, seed=args.seed)
        else:
            self.config = network.Config("compact", args.width, args.features, "joint", True, args.seed)
        self.model = network.Colorizer(self.config).to(args.device, memory_format=torch.channels_last)
        args.work.mkdir(parents=True, exist_ok=True)
        # The last state; .best.pt is the one that the next stage begins with.
        self.checkpoint = args.work / f"{args.stage}.pt"
        self.progress = {"stage": args.stage, "minutes": 0.0, "steps": 0, "skipped": 0, "cut": 0, "spreading": 0.0}
        self.progress |= {"images": 0, "curve": []}
        self.history: list[dict] = []
        self.recent: dict[str, float] = {}  # running means of what steps saw
        self.asked = False  # to end with the next step
        state = checkpoints.read(self.checkpoint) if self.checkpoint.exists() else None
        narrow, others = None, False
        if state:
            self.resume(state)
        else:
            narrow, others = self.begin()
        self.ema = copy.deepcopy(self.model)
        if state:
            self.ema.load_state_dict(state["ema"])
        self.read_photographs()
        self.choose_parameters(state)
        self.gather_guides(state)
        torch.manual_seed(self.seed)
        self.adapt(narrow, others)
        self.compute = Recorded(self.gradients) if args.device == "cuda" else self.gradients

    # What a stage begins with.

    @property
    def trains_flow(self) -> bool:
        return self.args.stage != "conditioning"

    def resume(self, state: dict) -> None:
        self.attach_heads()
        checkpoints.restore(self.model, state["model"], self.checkpoint)
        self.progress, self.history = self.progress | state["progress"], state["history"]

    def begin(self) -> tuple[dict | None, bool]:
        """The weights of a narrower network, if that is what was found, and whether they are the mean of several."""
        args = self.args
        before = STAGES[: STAGES.index(args.stage)]
        earlier = [args.work / f"{s}{kind}.pt" for s in reversed(before) for kind in (".best", "")]
        found = next(([path] for path in earlier if path.exists()), args.start)
        if args.flow_of and not found:
            raise SystemExit("--flow-of: no conditioning network to begin with; name one with --from")
        narrow = None
        if found:
            weights, self.history = checkpoints.beginning(found, args.shares)
            if args.flow_of:
                weights, self.history = checkpoints.with_flow(self.model, weights, self.history, args.flow_of)
            if args.widen:
                narrow = checkpoints.fitting(self.model, weights, found[-1])
                self.history = self.history + [{"stage": "widened", "width": args.width}]
            else:
                checkpoints.restore(self.model, weights, found[-1])
        elif args.encoder and self.config.preset == "compact":
            self.model.conditioning.encoder.load_imagenet(str(args.encoder))
        self.attach_heads()
        if found and hasattr(self.model, "palette") and "palette.centres" in weights:
            checkpoints.restore(self.model, weights, found[-1])
        return narrow, len(found) > 1

    def attach_heads(self) -> None:
        """Gives `paper` the regression that only its conditioning stage has, and that stage a palette if it is to have one."""
        if self.trains_flow:
            return
        if not self.config.affine:
            self.model.regression = network.Regression(self.config.features).to(self.args.device)
        if self.args.palette:
            self.model.palette = palette.Palette(self.config.features).to(self.args.device)

    def read_photographs(self) -> None:
        args, cache = self.args, self.args.cache or self.args.work / "cache"
        behind = sum(stage.get("steps", 0) for stage in self.history)  # so that no stage sees again what another saw
        self.seed = args.seed + behind + self.progress["steps"] + 1_000_000 * self.workers.rank
        mosaics = 0 if self.trains_flow else round(args.mosaics * args.batch)
        self.progress |= {"mosaics": mosaics / args.batch, "aged": args.aged, "frames": args.frames, "mixture": args.mixture}
        if self.trains_flow:
            self.progress |= asdict(self.weighting)
        tiny = shards.load(args.photos, "tiny64-*", 64, cache).images if mosaics else None
        self.pools = photographs.mixture(args.photos, cache, args.mixture)
        self.batches = data.Batches(self.pools, args.batch, args.device, self.seed, tiny, mosaics)
        if self.workers.rank == 0:  # which alone validates
            self.validation = photographs.validation(args.photos, cache, args.validation)

    def choose_parameters(self, state: dict | None) -> None:
        args, model = self.args, self.model
        own = [model.conditioning, model.regression, getattr(model, "palette", None)]
        trained = {"conditioning": own, "flow": [model.level1, model.level2, model.level3, model.level4, model.level5]}
        trained["joint"] = trained["flow"] + own
        encoder = set(model.conditioning.encoder.parameters()) if self.config.preset == "compact" else set()
        if encoder and not self.trains_flow:
            model.conditioning.encoder.drop_blocks(args.drop)
        self.parameters = [q for m in trained[args.stage] if m is not None for q in m.parameters()]
        if args.encoder_rate == 0:
            self.parameters = [q for q in self.parameters if q not in encoder]
        groups = [
            {"params": [q for q in self.parameters if q not in encoder], "scale": 1.0},
            {"params": [q for q in self.parameters if q in encoder], "scale": args.encoder_rate},
        ]
        groups = [g for g in groups if g["params"]]
        self.fused = args.device == "cuda"
        self.optimiser = torch.optim.AdamW(
            groups, lr=args.lr, betas=(0.9, 0.99), eps=1e-6, weight_decay=1e-4, fused=self.fused
        )
        if state:
            self.optimiser.load_state_dict(state["optimiser"])
        for q in model.parameters():
            q.requires_grad_(False)
        for q in self.parameters:
            q.requires_grad_(True)
            q.grad = torch.zeros_like(q)
        self.spreading = torch.tensor(self.progress["spreading"], device=args.device)

    def gather_guides(self, state: dict | None) -> None:
        args = self.args
        self.judges = [
            efficientnet.Judge(str(path)).to(args.device, memory_format=torch.channels_last) for path in args.judge
        ]
        recognises = self.judges and args.encoder and self.config.preset == "compact"
        self.classes = efficientnet.Classes(str(args.encoder)).to(args.device) if recognises else None
        self.discriminators = [Discriminator(j.tap_channels).to(args.device) for j in self.judges] if args.realism else []
        self.tellers = [
            torch.optim.Adam(d.heads.parameters(), lr=args.lr, betas=(0.0, 0.99), eps=1e-6, fused=self.fused)
            for d in self.discriminators
        ]
        if state:
            for pair, found in zip(zip(self.discriminators, self.tellers), state["discriminators"]):
                for module, own in zip(pair, found):
                    module.load_state_dict(own)
        self.telling = [q for d in self.discriminators for q in d.heads.parameters()]
        for q in self.telling:
            q.grad = torch.zeros_like(q)

    def adapt(self, narrow: dict | None, others: bool) -> None:
        """Fits what the flow stage begins with to photographs: a wider flow, others' norms, a flow without training."""
        if self.args.stage != "flow":
            return
        model = self.model
        if narrow is not None:
            initialisation.widen(model, narrow, self.lightness(8))
        if others:
            conditioning.estimate_norms(model, self.lightness(20))
        untrained = not any(stage["stage"] in ("flow", "joint") for stage in self.history)
        fresh = self.progress["steps"] == 0 and untrained and self.config.preset == "compact"
        if fresh:
            model.eval()
            lightness, ab = self.noisy_batch()
            initialisation.initialise_channels(model, ab, model.conditions(model.features(lightness)))
            seen = initialisation.dense_inputs(model, (self.noisy_batch() for _ in range(4000 // self.args.batch)))
            initialisation.initialise_dense(model.cpu(), seen)
            model.to(self.args.device)
        if narrow is not None or others or fresh:
            self.workers.share(model)
            self.ema.load_state_dict(model.state_dict())

    def lightness(self, count: int) -> Iterable[torch.Tensor]:
        """Batches of L apart from what trains, since reports come by the clock."""
        size = 256 if self.trains_flow else self.args.sizes[1]
        seen = data.Batches(self.pools, 24, self.args.device, self.args.seed)
        return (seen.next(size, self.args.smallest)[0] for _ in range(count))

    def noisy_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        lightness, ab = self.batches.next(256, self.args.smallest)
        return lightness, ab + 0.05 * torch.randn_like(ab)

    # What a step computes.

    def kind_of(self, step: int, done: float) -> tuple:
        """The conditioning stage's size and judge; then whether mode and samples are guided, the mode alone or neither, and by
        which judge: samples cost more than likelihood."""
        if not self.trains_flow:
            return self.args.sizes[done >= 0.5], step % max(1, len(self.judges))
        phase = step % self.args.cycle if self.model.regression is not None else 2
        return phase, step // self.args.cycle % max(1, len(self.judges)) if phase == 0 else 0

    def batch_of(self, kind: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        args = self.args
        if self.trains_flow:
            lightness, ab = self.batches.next(256, args.smallest, aged=args.aged, frames=args.frames)
        else:
            lightness, ab = self.batches.next(kind[0], args.smallest, args.tone, args.focus, args.aged, args.frames)
        return lightness.contiguous(memory_format=torch.channels_last), ab

    def losses(self, kind: tuple, lightness: torch.Tensor, ab: torch.Tensor) -> Losses:
        args, model = self.args, self.model
        judge = self.judges[kind[1]] if self.judges else None
        discriminator = self.discriminators[kind[1]] if self.discriminators else None
        with autocast(args.device):
            if not self.trains_flow:
                loss, error = conditioning.loss_of(model, lightness, ab, judge, args.judge_weight, self.classes, args.palette)
                return Losses(loss, None, error)
            with torch.set_grad_enabled(args.stage == "joint"):
                features = model.features(lightness)
            c = model.conditions(features)
            ab = ab + 0.05 * torch.randn_like(ab)
            nll = network.nll_per_dimension(*model(ab, c)).mean()
            loss, guiding = nll, None
            if kind[0] < 2:
                few = max(1, round(args.batch * args.guided))
                guiding = guidance.guidance_of(
                    model, c, lightness, ab, few, judge, discriminator, self.weighting, self.spreading, samples=kind[0] == 0
                )
            if args.stage == "joint" and model.regression is not None:
                loss = loss + conditioning.regression_loss(*c["affine"], ab)[0]
            return Losses(loss, guiding, nll)

    def gradients(self, kind: tuple, lightness: torch.Tensor, ab: torch.Tensor) -> torch.Tensor:
        """Leaves the gradients with the parameters; what is seen of the step."""
        found = self.losses(kind, lightness, ab)
        torch._foreach_zero_([q.grad for q in self.parameters])
        extra, guiding = [], found.guiding
        seen = [torch.ones_like(self.spreading), *self.spreading.new_zeros(4)]
        if guiding is not None:
            if guiding.apart.requires_grad:
                heads = list(self.discriminators[kind[1]].heads.parameters())
                for q, g in zip(heads, torch.autograd.grad(guiding.apart, heads)):
                    q.grad.copy_(g)
            extra, share = guidance.cut_gradients(guiding.loss, self.parameters, guidance.LIMIT)
            seen = [share, guiding.judged, guiding.apart, *guiding.spread]
        found.own.backward()
        for q, g in zip(self.parameters, extra):
            if g is not None:
                q.grad.add_(g)
        return torch.stack([x.detach().float() for x in (found.figure, *seen)])

    def set_modes(self) -> None:
        self.model.train()
        if not self.trains_flow:
            for level in range(1, 6):
                getattr(self.model, f"level{level}").eval()
        if self.args.stage == "flow":
            self.model.conditioning.eval()
            if self.model.regression is not None:
                self.model.regression.eval()
        if self.config.preset == "compact" and self.args.encoder_rate == 0:
            self.model.conditioning.encoder.eval()

    # The steps.

    def run(self) -> None:
        args, progress = self.args, self.progress
        start, before = time.time(), progress["minutes"]
        next_report, next_keep = args.report, args.keep
        self.set_modes()
        done = False
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "asked", True))
        while not done:
            self.set_rate()
            kind = self.kind_of(progress["steps"], self.share_done)
            # Means, so that all workers end with the same step.
            clock = self.spreading.new_tensor([before + (time.time() - start) / 60, self.asked])
            figures = torch.cat([self.compute(kind, *self.batch_of(kind)), clock])
            seen = Seen(*self.workers.average(self.parameters + self.telling, figures))
            progress["minutes"] = seen.minutes
            self.hold_spread(seen)
            length = self.apply(kind, seen)
            if progress["steps"] % 20 == 0 and self.workers.rank == 0:
                self.tell(length)
            done = self.share_done == 1 or seen.asked > 0
            if self.workers.rank:
                continue
            since = progress["minutes"] - before
            if self.share_done == 1 or (since >= next_report and not done):
                next_report = since + args.report
                next_keep = since + args.keep
                self.report()
                self.set_modes()
            elif since >= next_keep or done:
                next_keep = since + args.keep
                self.keep(self.checkpoint)

    @property
    def share_done(self) -> float:
        args, progress = self.args, self.progress
        return min(1.0, progress["minutes"] / args.minutes if args.minutes else progress["steps"] / args.steps)

    def set_rate(self) -> None:
        """A warm-up of a hundred steps, then along a cosine to next to nothing."""
        warm = min(1.0, (self.progress["steps"] + 1) / 100)
        rate = self.args.lr * warm * (0.5 + 0.5 * math.cos(math.pi * self.share_done)) + 1e-6
        for g in self.optimiser.param_groups:
            g["lr"] = rate * g["scale"]

    def hold_spread(self, seen: Seen) -> None:
        """Follows what guided samples spread, and with `--spread` the weight that holds them apart."""
        self.progress["cut"] += seen.cut_to < 1
        if not (0 < seen.between < math.inf and 0 < seen.off < math.inf):
            return
        between, off = self.smooth("between", seen.between), self.smooth("off", seen.off)
        self.smooth("judged", seen.judged)
        if self.args.spread:
            wanted = (self.progress["spreading"] or guidance.SPREADING) * (self.args.spread * off / between) ** 0.02
            least, most = guidance.SPREADING_RANGE
            self.progress["spreading"] = min(max(wanted, least), most)
            self.spreading.fill_(self.progress["spreading"])

    def apply(self, kind: tuple, seen: Seen) -> float:
        """Takes the step unless it is not finite or explodes, and returns the gradient's length."""
        progress = self.progress
        length = torch.nn.utils.clip_grad_norm_(self.parameters, 2.0 if self.trains_flow else 1.0).item()
        exploded = seen.figure > self.recent.get("figure", math.inf) + 3
        if math.isfinite(seen.figure) and length < 100 and not exploded:
            self.optimiser.step()
            if self.discriminators and kind[0] == 0 and math.isfinite(seen.apart):
                self.tellers[kind[1]].step()
                self.smooth("apart", seen.apart)
            average(self.ema, self.model, min(DECAY, (progress["steps"] + 1) / (progress["steps"] + 10)))
            self.smooth("figure", seen.figure)
        else:
            progress["skipped"] += 1
        progress["steps"] += 1
        progress["images"] += self.args.batch * self.workers.count
        return length

    def smooth(self, name: str, now: float) -> float:
        """The running mean of a figure over about fifty steps, which begins with the first."""
        self.recent[name] = 0.98 * self.recent[name] + 0.02 * now if name in self.recent else now
        return self.recent[name]

    def tell(self, length: float) -> None:
        progress, recent = self.progress, self.recent
        line = f"{self.args.stage} {progress['minutes']:.1f} min step {progress['steps']}"
        line += f" loss {recent.get('figure', 0):.4f} grad {length:.2f}"
        if "between" in recent:
            line += f" spread {recent['between'] / recent['off']:.3f} by {progress['spreading']:.3f}"
        line += "".join(
            f" {words} {recent[name]:.3f}" for name, words in (("judged", "judged"), ("apart", "told apart")) if recent.get(name)
        )
        print(line, flush=True)

    # What is kept.

    def report(self) -> None:
        """Validates the averaged weights, and keeps them: as a checkpoint, and as a model file if none before was better."""
        args, progress, ema = self.args, self.progress, self.ema
        if args.stage != "flow":
            conditioning.estimate_norms(ema, self.lightness(20))
        row = self.validate()
        progress["curve"].append([round(progress["minutes"], 1), progress["steps"], row])
        counts = f"skipped {progress['skipped']} cut {progress['cut']}"
        print(f"== {progress['minutes']:.1f} min {json.dumps(row)} {counts}", flush=True)
        if self.trains_flow:
            sheets.draw([ema], torch.cat([images[:8] for images in self.validation.values()]), args.work / f"{args.stage}.png")
        merit = row["nll_per_dim" if self.trains_flow else "regression"]
        if "people" in row:  # both sets count alike
            merit = (merit + row["people"]["nll_per_dim" if self.trains_flow else "regression"]) / 2
        is_best = math.isfinite(merit) and merit <= progress.get("best", math.inf)
        if is_best:
            progress["best"] = merit
        for path in [self.checkpoint] + [self.checkpoint.with_suffix(".best.pt")] * is_best:
            self.keep(path)
        if is_best:
            self.export(row)

    def keep(self, path: Path) -> None:
        """Writes all that the stage needs to go on."""
        state = {"model": self.model.state_dict(), "ema": self.ema.state_dict(), "optimiser": self.optimiser.state_dict()}
        state["discriminators"] = [(d.state_dict(), t.state_dict()) for d, t in zip(self.discriminators, self.tellers)]
        torch.save(state | {"progress": self.progress, "history": self.history}, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").rename(path)

    def validate(self) -> dict:
        """The figures of the ImageNet photographs, and those of the people under their name."""
        rows = {}
        for name, images in self.validation.items():
            if self.trains_flow:
                found = evaluation.evaluate(self.ema, images, 4, 1.0, 1)
                rows[name] = {k: round(v["mean"], 4) for k, v in found.items()}
            else:
                rows[name] = conditioning.validate(self.ema, images)
        return rows.pop("imagenet") | rows

    def export(self, row: dict) -> None:
        compact = self.config.preset == "compact"
        record = {
            "data": "research photographs, photo160 12289, photo192 27754, in mosaics tiny64 20000; non-commercial or unclear",
            "encoder": "EfficientNet-Lite2, ImageNet, Apache-2.0" if compact else "none",
            "stages": self.history + [self.progress],
            "validation": row,
            "licence": "trained on research data sets: non-commercial use",
        }
        kept = copy.copy(self.ema)  # without the heads that only training has
        kept._modules = {name: module for name, module in self.ema._modules.items() if name != "palette"}
        if not self.config.affine:
            kept.regression = None
        modelfile.save(kept, self.args.work / f"{self.args.stage}.safetensors", record, half=True)


def average(ema: torch.nn.Module, model: torch.nn.Module, decay: float) -> None:
    pairs = list(zip(ema.state_dict().values(), model.state_dict().values()))
    floats = [(a, b) for a, b in pairs if a.dtype.is_floating_point]
    with torch.no_grad():
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - decay)
        for a, b in pairs:
            if not a.dtype.is_floating_point:
                a.copy_(b)
