"""Trains the colorization network: `python train.py conditioning|flow|joint --photos DIR --work DIR --steps N`.

Each stage continues from its own checkpoint in the work folder if there is one, else from the stage before it or from
the model that `--from` names. The learning rate falls with the share of the stage's steps that is done.

On a processor, one process for each core is faster than threads: `torchrun --nproc-per-node 2 train.py ...` averages their
gradients; `--batch` counts each process's own images.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F

import sheet
from autochrome import data, efficientnet, evaluation, guidance, initialisation, lab, modelfile, network
from autochrome.devices import Recorded, Workers
from autochrome.discriminator import Discriminator

STAGES = ["conditioning", "flow", "joint"]


def read(path: Path) -> dict:
    try:
        return torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:  # a pickle can fail in any way
        raise SystemExit(f"{path}: not a checkpoint ({type(error).__name__}: {error})") from None


def beginning(paths: list[Path], shares: list[float]) -> tuple[dict, list[dict]]:
    """The mean of the averaged weights of checkpoints or model files, and the stages that made the last of them."""
    found = [read_weights(path) for path in paths]
    weights, history = found[-1]
    if len(paths) == 1:
        return weights, history
    for path, (other, _) in zip(paths, found):
        if {k: v.shape for k, v in other.items()} != {k: v.shape for k, v in weights.items()}:
            raise SystemExit(f"{path}: another network than {paths[-1]}")
    shares = [x / sum(shares) for x in shares]
    mean = {
        k: sum(x * w[k] for x, (w, _) in zip(shares, found)) if v.is_floating_point() else v for k, v in weights.items()
    }
    others = [stages for _, stages in found[:-1]]
    of = ["/".join(path.parts[-2:]) for path in paths]
    return mean, history + [{"stage": "average", "of": of, "shares": shares, "stages of the others": others}]


def with_flow(model: torch.nn.Module, weights: dict, history: list[dict], path: Path) -> tuple[dict, list[dict]]:
    """The conditioning network and regression of some weights with another file's flow and heads, and how both were made."""
    flow, stages = read_weights(path)
    restore(model, flow, path)  # so that what does not fit is said of this file
    own = {k: v for k, v in weights.items() if k.startswith(("conditioning.", "regression."))}
    return flow | own, stages + [{"stage": "exchange", "conditioning": history}]


def read_weights(path: Path) -> tuple[dict, list[dict]]:
    """The averaged weights of a checkpoint or a model file, and the stages that made them."""
    if path.suffix == ".safetensors":
        try:
            return modelfile.load(path).state_dict(), modelfile.record(path)["stages"]
        except Exception as error:  # safetensors has errors of its own
            raise SystemExit(f"{path}: not a model file ({type(error).__name__}: {error})") from None
    state = read(path)
    return state["ema"], state["history"] + [state["progress"]]


def restore(model: torch.nn.Module, weights: dict, path: Path) -> None:
    """Takes a checkpoint's weights, or says what is wrong with it; what only pretraining needs is left."""
    for name, value in model.state_dict().items():
        found = tuple(weights[name].shape) if name in weights else None
        if found != tuple(value.shape):
            raise SystemExit(f"{path}: {name} is {found} where this preset and width have {tuple(value.shape)}")
    model.load_state_dict({name: weights[name] for name in model.state_dict()})


def fitting(model: torch.nn.Module, weights: dict, path: Path) -> dict:
    """The same weights, if they are a narrower network's; what only pretraining needs is left."""
    for name, value in model.state_dict().items():
        found = tuple(weights[name].shape) if name in weights else ()
        if len(found) != value.dim() or any(a > b for a, b in zip(found, value.shape)):
            raise SystemExit(f"{path}: {name} is {found or None}, which cannot be widened to {tuple(value.shape)}")
    return {name: weights[name] for name in model.state_dict()}


def average(ema: torch.nn.Module, model: torch.nn.Module, decay: float) -> None:
    pairs = list(zip(ema.state_dict().values(), model.state_dict().values()))
    floats = [(a, b) for a, b in pairs if a.dtype.is_floating_point]
    with torch.no_grad():
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - decay)
        for a, b in pairs:
            if not a.dtype.is_floating_point:
                a.copy_(b)


def smoothed(before: float | None, now: float) -> float:
    """A running mean over about fifty steps, which begins with the first."""
    return now if before is None else 0.98 * before + 0.02 * now


@torch.no_grad()
def estimate_norms(model: network.Colorizer, pictures: Iterable[torch.Tensor]) -> None:
    """The statistics of the conditioning network's norms anew, from L alone.

    Those gathered while training are of the networks that stochastic depth leaves, and the mean of several weights' statistics
    is not that of their mean (Izmailov et al. 2018).
    """
    model.eval()
    norms = [m for m in model.conditioning.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with initialisation.measuring(norms):
        for lightness in pictures:
            with torch.autocast(lightness.device.type, torch.bfloat16):
                model.features(lightness.contiguous(memory_format=torch.channels_last))


def conditioning_loss(
    model: network.Colorizer,
    lightness: torch.Tensor,
    ab: torch.Tensor,
    judge: efficientnet.Judge | None,
    weight: float,
    classes: efficientnet.Classes | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The regression's; with a judge also what a classifier makes of its colours, for the first half of the batch, and
    with `classes` whether the encoder itself still recognises that, after Iizuka et al. 2016."""
    taps = model.conditioning.encoder(lightness) if classes else None
    mean, scale = model.regression(model.conditioning.pyramid(taps) if classes else model.features(lightness))
    loss, error = regression_loss(mean, scale, ab)
    if judge is None:
        return loss, error
    few = len(ab) // 2
    with torch.autocast(ab.device.type, enabled=False):
        shown, truth = (evaluation.colorize(lightness[:few], x[:few].float()) for x in (mean, ab))
    with torch.no_grad():
        seen = judge(truth)
    loss = loss + weight * efficientnet.divergence(judge(shown), seen)
    if classes:
        loss = loss + weight / 3 * efficientnet.divergence(classes(taps[-1][:few]), seen)
    return loss, error


def regression_loss(mean, scale, ab):
    """Error of the mean in units of about one standard deviation, likelihood of the scale alone.

    The error is each picture's root mean square, as it is judged: one wild picture does not outweigh twenty.
    """
    unit = lab.ab_scale(ab) / 14
    error = (((mean - ab) * unit).pow(2).mean((1, 2, 3)) + 1e-6).sqrt().mean()
    residual = (mean.detach() - ab).pow(2)
    likelihood = (0.5 * residual * (-2 * scale).exp() + scale).mean()
    return error + 0.2 * likelihood, error


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("stage", choices=STAGES)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--encoder", type=Path, help="ImageNet weights of EfficientNet-Lite2")
    p.add_argument("--steps", type=int, default=1000, help="steps of the stage, over all runs together")
    p.add_argument("--minutes", type=float, help="of the stage, over all runs together, in place of a number of steps")
    p.add_argument("--batch", type=int, default=24)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--preset", default="compact", choices=["compact", "paper"])
    p.add_argument("--width", type=float, default=network.Config.width)
    p.add_argument("--features", type=int, default=96)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--smallest", type=float, default=0.8, help="smallest crop, as a share of the side")
    p.add_argument("--drop", type=float, default=0.2, help="of the encoder's last block in the conditioning stage, as a share of steps")
    p.add_argument("--tone", type=float, default=0.15, help="spread of the conditioning stage's tone curves, 0 for none")
    p.add_argument("--focus", type=float, default=0.5, help="spread of the conditioning stage's sharpness, 0 for none")
    p.add_argument("--aged", type=float, default=0.25, help="share of the pictures that are faded and grainy")
    p.add_argument("--frames", type=float, default=0.1, help="share of the pictures that get a margin of paper")
    p.add_argument("--mosaics", type=float, default=0, help="share of the conditioning stage's pictures made of tiny64 images")
    p.add_argument("--report", type=float, default=5, help="minutes between validations")
    p.add_argument("--validation", type=int, default=96, help="validation images while training")
    p.add_argument("--encoder-rate", type=float, default=0.3, help="the encoder's share of the learning rate; 0 keeps it fixed")
    p.add_argument("--sizes", type=int, nargs=2, default=[160, 224], help="of the conditioning stage's images, in its halves")
    p.add_argument("--judge", type=Path, nargs="+", default=[], help="ImageNet weights of EfficientNet-Lite1 to 4, judges of colours by turns")
    p.add_argument("--judge-weight", type=float, default=0.3, help="the judges' weight in the loss")
    p.add_argument("--realism", type=float, default=0, help="weight of a discriminator, which sees as the judges see")
    p.add_argument("--energy", type=float, default=0.1, help="weight of the samples' energy score")
    p.add_argument("--guided", type=float, default=0.25, help="share of a batch's pictures whose mode and samples are guided")
    p.add_argument("--cycle", type=int, default=3, help="samples are guided in one step of so many, the mode alone in the next")
    p.add_argument(
        "--spread", type=float, default=0,
        help="what two samples' squared distance is held at, as a share of theirs from the truth: 1 is calibrated, 0 lets it be",
    )
    p.add_argument(
        "--from", dest="start", type=Path, nargs="+", default=[],
        help="a checkpoint or model file to start from in place of the stage before, or several, whose mean is taken",
    )
    p.add_argument("--shares", type=float, nargs="+", help="of each that --from names in the mean; equal ones if left out")
    p.add_argument("--widen", action="store_true", help="what the flow stage starts from is of a smaller width")
    p.add_argument("--flow-of", type=Path, help="a checkpoint or model file whose flow and heads the flow stage starts from")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = p.parse_args()
    shares = args.shares or [1.0] * len(args.start)
    if len(shares) != len(args.start) or not all(x >= 0 for x in shares) or sum(shares) == 0 < len(shares):
        raise SystemExit("--shares: one share, 0 or more, for each that --from names, not all 0")
    if args.flow_of and args.stage != "flow":
        raise SystemExit("--flow-of: for the flow stage only")
    if args.widen and args.stage != "flow":
        raise SystemExit("--widen: for the flow stage only")
    if min(args.sizes) < 160:
        raise SystemExit("--sizes: at least 160, as the photographs are enlarged to them")
    weighting = guidance.Weights(args.energy, args.judge_weight if args.judge else 0, args.realism)
    if not all(0 <= w < math.inf for w in asdict(weighting).values()):
        raise SystemExit("--energy, --judge-weight, --realism: weights in the loss, 0 or more")
    if args.realism and (args.stage == "conditioning" or not args.judge):
        raise SystemExit("--realism: for stages with a flow, and with a judge to see through")
    if not 0 < args.guided <= 1:
        raise SystemExit("--guided: a share of the pictures, from more than 0 to 1")
    if not 0 <= args.mosaics < 1:
        raise SystemExit("--mosaics: a share of the pictures, from 0 to less than 1")
    workers = Workers()
    if workers.count > 1 and args.device != "cpu":
        raise SystemExit("several processes train on a processor's cores only: --device cpu")
    torch.manual_seed(args.seed)

    if args.preset == "paper":
        config = network.Config.paper(args.width, seed=args.seed)
    else:
        config = network.Config("compact", args.width, args.features, "joint", True, args.seed)
    model = network.Colorizer(config).to(args.device, memory_format=torch.channels_last)
    args.work.mkdir(parents=True, exist_ok=True)
    checkpoint = args.work / f"{args.stage}.pt"  # the last state; .best.pt is the one that the next stage begins with
    progress = {"stage": args.stage, "minutes": 0.0, "steps": 0, "skipped": 0, "cut": 0, "limit": guidance.LIMIT, "images": 0, "curve": []}
    history: list[dict] = []
    optimiser_state = None
    norms_are_others = False
    narrow = None
    pretrains = args.stage == "conditioning" and not config.affine  # with a regression that only this stage has
    if checkpoint.exists():
        state = read(checkpoint)
        if pretrains:
            model.regression = network.Regression(config.features).to(args.device)
        restore(model, state["model"], checkpoint)
        progress, history, optimiser_state = progress | state["progress"], state["history"], state["optimiser"]
    else:
        before = STAGES[: STAGES.index(args.stage)]
        earlier = [args.work / f"{s}{kind}.pt" for s in reversed(before) for kind in (".best", "")]
        found = next(([path] for path in earlier if path.exists()), args.start)
        if args.flow_of and not found:
            raise SystemExit("--flow-of: no conditioning network to begin with; name one with --from")
        if found:
            weights, history = beginning(found, shares)
            norms_are_others = len(found) > 1
            if args.flow_of:
                weights, history = with_flow(model, weights, history, args.flow_of)
            if args.widen:
                narrow = fitting(model, weights, found[-1])
                history = history + [{"stage": "widened", "width": args.width}]
            else:
                restore(model, weights, found[-1])
        elif args.encoder and config.preset == "compact":
            model.conditioning.encoder.load_imagenet(str(args.encoder))
        if pretrains:
            model.regression = network.Regression(config.features).to(args.device)
    ema = copy.deepcopy(model)
    if checkpoint.exists():
        ema.load_state_dict(state["ema"])

    cache = args.work / "cache"
    behind = sum(stage.get("steps", 0) for stage in history)  # so that no stage sees again what another saw
    seed = args.seed + behind + progress["steps"] + 1_000_000 * workers.rank
    mosaics = round(args.mosaics * args.batch) if args.stage == "conditioning" else 0
    progress |= {"mosaics": mosaics / args.batch, "aged": args.aged, "frames": args.frames}
    if args.stage != "conditioning":
        progress |= asdict(weighting)
    tiny = data.load_shards(args.photos, "tiny64-*", 64, cache) if mosaics else None
    photographs = data.load_shards(args.photos, "photo160-*", 160, cache)
    batches = data.Batches(photographs, args.batch, args.device, seed, tiny, mosaics)
    if workers.rank == 0:  # which alone validates
        validation = data.load_shards(args.photos, "validation256-*", 256, cache)[: args.validation]

    def pictures(count: int) -> Iterable[torch.Tensor]:
        """Batches of L apart from what trains, since reports come by the clock."""
        size = args.sizes[1] if args.stage == "conditioning" else 256
        seen = data.Batches(photographs, 24, args.device, args.seed)
        return (seen.next(size, args.smallest)[0] for _ in range(count))

    if narrow is not None:
        initialisation.widen(model, narrow, pictures(8))
    if args.stage == "flow" and norms_are_others:
        estimate_norms(model, pictures(20))
    if args.stage == "flow" and (norms_are_others or narrow is not None):
        workers.share(model)
        ema.load_state_dict(model.state_dict())

    own = [model.conditioning, model.regression]
    trained = {"conditioning": own, "flow": [model.level1, model.level2, model.level3, model.level4, model.level5]}
    trained["joint"] = trained["flow"] + own
    encoder = set(model.conditioning.encoder.parameters()) if config.preset == "compact" else set()
    if encoder and args.stage == "conditioning":
        model.conditioning.encoder.drop_blocks(args.drop)
    parameters = [q for m in trained[args.stage] if m is not None for q in m.parameters()]
    if args.encoder_rate == 0:
        parameters = [q for q in parameters if q not in encoder]
    groups = [
        {"params": [q for q in parameters if q not in encoder], "scale": 1.0},
        {"params": [q for q in parameters if q in encoder], "scale": args.encoder_rate},
    ]
    groups = [g for g in groups if g["params"]]
    fused = args.device == "cuda"
    optimiser = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.99), eps=1e-6, weight_decay=1e-4, fused=fused)
    if optimiser_state:
        optimiser.load_state_dict(optimiser_state)
    for q in model.parameters():
        q.requires_grad_(False)
    for q in parameters:
        q.requires_grad_(True)

    judges = [efficientnet.Judge(str(path)).to(args.device, memory_format=torch.channels_last) for path in args.judge]
    recognises = judges and args.encoder and config.preset == "compact"
    classes = efficientnet.Classes(str(args.encoder)).to(args.device) if recognises else None
    discriminators = [Discriminator(judge.tap_channels).to(args.device) for judge in judges] if args.realism else []
    tellers = [torch.optim.Adam(d.heads.parameters(), lr=args.lr, betas=(0.0, 0.99), eps=1e-6, fused=fused) for d in discriminators]
    if checkpoint.exists():
        for pair, found in zip(zip(discriminators, tellers), state["discriminators"]):
            for module, own in zip(pair, found):
                module.load_state_dict(own)
    telling = [q for d in discriminators for q in d.heads.parameters()]
    for q in telling:
        q.grad = torch.zeros_like(q)
    torch.manual_seed(seed)

    guides = args.stage != "conditioning" and model.regression is not None

    def kind_of(step: int, done: float) -> tuple:
        """The conditioning stage's size and judge; then whether mode and samples are guided, the mode alone or neither, and by
        which judge: samples cost more than likelihood."""
        if args.stage == "conditioning":
            return args.sizes[done >= 0.5], step % max(1, len(judges))
        phase = step % args.cycle if guides else 2
        return phase, step // args.cycle % max(1, len(judges)) if phase == 0 else 0

    def batch_of(kind: tuple) -> tuple[torch.Tensor, torch.Tensor]:
        if args.stage == "conditioning":
            lightness, ab = batches.next(kind[0], args.smallest, args.tone, args.focus, args.aged, args.frames)
        else:
            lightness, ab = batches.next(256, args.smallest, aged=args.aged, frames=args.frames)
        return lightness.contiguous(memory_format=torch.channels_last), ab

    def losses_of(
        kind: tuple, lightness: torch.Tensor, ab: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor, torch.Tensor, torch.Tensor]:
        """What is minimised, what guides the samples beside it, the figure that is reported, how far samples spread and what
        the discriminator minimises."""
        judge = judges[kind[1]] if judges else None
        discriminator = discriminators[kind[1]] if discriminators else None
        unknown, apart = ab.new_zeros(2), ab.new_zeros(())
        with torch.autocast(args.device, torch.bfloat16):
            if args.stage == "conditioning":
                loss, error = conditioning_loss(model, lightness, ab, judge, args.judge_weight, classes)
                return loss, None, error, unknown, apart
            with torch.set_grad_enabled(args.stage == "joint"):
                features = model.features(lightness)
            c = model.conditions(features)
            ab = ab + 0.05 * torch.randn_like(ab)
            nll = network.nll_per_dimension(*model(ab, c)).mean()
            loss, guiding, spread = nll, None, unknown
            if kind[0] < 2:
                few = max(1, round(args.batch * args.guided))
                guiding, spread, apart = guidance.guidance_loss(
                    model, c, lightness, ab, few, judge, discriminator, weighting, samples=kind[0] == 0
                )
            if args.stage == "joint" and model.regression is not None:
                loss = loss + regression_loss(*c["affine"], ab)[0]
            return loss, guiding, nll, spread, apart

    for q in parameters:
        q.grad = torch.zeros_like(q)
    limit = torch.tensor(progress["limit"], device=args.device)

    def gradients(kind: tuple, lightness: torch.Tensor, ab: torch.Tensor) -> torch.Tensor:
        """Leaves the gradients with the parameters; the figure, the share that the guidance was cut to, how ill samples are
        told apart from photographs, and the spread."""
        loss, guiding, figure, spread, apart = losses_of(kind, lightness, ab)
        torch._foreach_zero_([q.grad for q in parameters])
        extra, share = [], torch.ones_like(limit)
        if apart.requires_grad:
            heads = list(discriminators[kind[1]].heads.parameters())
            for q, g in zip(heads, torch.autograd.grad(apart, heads)):
                q.grad.copy_(g)
        if guiding is not None:
            extra, share = guidance.cut_gradients(guiding, parameters, limit)
        loss.backward()
        for q, g in zip(parameters, extra):
            if g is not None:
                q.grad.add_(g)
        return torch.cat([torch.stack([x.detach().float() for x in (figure, share, apart)]), spread.float()])

    compute = Recorded(gradients) if args.device == "cuda" else gradients

    def mode_of_training() -> None:
        model.train()
        if args.stage == "conditioning":
            for level in range(1, 6):
                getattr(model, f"level{level}").eval()
        if args.stage == "flow":
            model.conditioning.eval()
            if model.regression is not None:
                model.regression.eval()
        if config.preset == "compact" and args.encoder_rate == 0:
            model.conditioning.encoder.eval()

    def noisy_batch():
        lightness, ab = batches.next(256, args.smallest)
        return lightness, ab + 0.05 * torch.randn_like(ab)

    untrained = not any(stage["stage"] in ("flow", "joint") for stage in history)
    if args.stage == "flow" and progress["steps"] == 0 and untrained and config.preset == "compact":
        model.eval()
        lightness, ab = noisy_batch()
        initialisation.initialise_channels(model, ab, model.conditions(model.features(lightness)))
        seen = initialisation.dense_inputs(model, (noisy_batch() for _ in range(4000 // args.batch)))
        initialisation.initialise_dense(model.cpu(), seen)
        model.to(args.device)
        workers.share(model)
        ema.load_state_dict(model.state_dict())

    start, before = time.time(), progress["minutes"]
    next_report = args.report
    running, spread, apart_now = None, None, None
    ema_decay = 0.998
    mode_of_training()
    while True:
        step = progress["steps"]
        share = min(1.0, progress["minutes"] / args.minutes if args.minutes else step / args.steps)
        rate = args.lr * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
        for g in optimiser.param_groups:
            g["lr"] = rate * g["scale"]
        kind = kind_of(step, share)
        clock = limit.new_tensor([before + (time.time() - start) / 60])  # the mean, so that all end with the same step
        figures = torch.cat([compute(kind, *batch_of(kind)), clock])
        figure, cut_to, apart, between, off, progress["minutes"] = workers.average(parameters + telling, figures)
        size = torch.nn.utils.clip_grad_norm_(parameters, 1.0 if args.stage == "conditioning" else 2.0).item()
        progress["cut"] += cut_to < 1
        if 0 < between < math.inf and 0 < off < math.inf:
            spread = [smoothed(old, new) for old, new in zip(spread or (None, None), (between, off))]
            if args.spread:  # what guides holds samples together
                progress["limit"] *= (spread[0] / spread[1] / args.spread) ** 0.02
                progress["limit"] = min(max(progress["limit"], guidance.LIMIT / 2), 2 * guidance.LIMIT)
                limit.fill_(progress["limit"])
        exploded = running is not None and figure > running + 3
        if math.isfinite(figure) and size < 100 and not exploded:
            optimiser.step()
            if discriminators and kind[0] == 0 and math.isfinite(apart):
                tellers[kind[1]].step()
                apart_now = smoothed(apart_now, apart)
            average(ema, model, min(ema_decay, (step + 1) / (step + 10)))
            running = smoothed(running, figure)
        else:
            progress["skipped"] += 1
        progress["steps"] += 1
        progress["images"] += args.batch * workers.count
        if progress["steps"] % 20 == 0 and workers.rank == 0:
            spread_now = f" spread {spread[0] / spread[1]:.3f} limit {progress['limit']:.3f}" if spread else ""
            spread_now += f" told apart {apart_now:.3f}" if apart_now else ""
            print(f"{args.stage} {progress['minutes']:.1f} min step {progress['steps']} loss {running or 0:.4f} grad {size:.2f}{spread_now}", flush=True)
        done = progress["minutes"] >= args.minutes if args.minutes else progress["steps"] >= args.steps
        if workers.rank == 0 and (progress["minutes"] - before >= next_report or done):
            next_report += args.report
            if args.stage != "flow":
                estimate_norms(ema, pictures(20))
            row = validate(ema, validation, args.stage)
            progress["curve"].append([round(progress["minutes"], 1), progress["steps"], row])
            print(f"== {progress['minutes']:.1f} min {json.dumps(row)} skipped {progress['skipped']} cut {progress['cut']}", flush=True)
            if args.stage != "conditioning":
                sheet.draw([ema], validation[:8], args.work / f"{args.stage}.png")
            figure_of_merit = row["regression"] if args.stage == "conditioning" else row["nll_per_dim"]
            is_best = math.isfinite(figure_of_merit) and figure_of_merit <= progress.get("best", math.inf)
            if is_best:
                progress["best"] = figure_of_merit
            state = {"model": model.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
            state["discriminators"] = [(d.state_dict(), t.state_dict()) for d, t in zip(discriminators, tellers)]
            for path in [checkpoint] + [checkpoint.with_suffix(".best.pt")] * is_best:
                torch.save(state | {"progress": progress, "history": history}, path.with_suffix(".tmp"))
                path.with_suffix(".tmp").rename(path)
            record = {
                "data": "photo160, 12289 research photographs, in mosaics tiny64, 20000; rights non-commercial or unclear",
                "encoder": "EfficientNet-Lite2, ImageNet, Apache-2.0" if config.preset == "compact" else "none",
                "stages": history + [progress],
                "validation": row,
                "licence": "trained on research data sets: non-commercial use",
            }
            if is_best:
                regression, ema.regression = ema.regression, ema.regression if config.affine else None
                modelfile.save(ema, args.work / f"{args.stage}.safetensors", record, half=True)
                ema.regression = regression
            mode_of_training()
        if done:
            break


@torch.no_grad()
def validate(model: network.Colorizer, images: torch.Tensor, stage: str) -> dict:
    if stage != "conditioning":
        return {k: round(v["mean"], 4) for k, v in evaluation.evaluate(model, images, 4, 1.0, 1).items()}
    model.eval()
    device = next(model.parameters()).device
    gray, regression = [], []
    for part in images.split(24):
        rgb = part.to(device).float() / 255
        lightness, ab = data.split(rgb)
        mean, _ = model.regression(model.features(lightness))
        regression.append(evaluation.rmse(evaluation.colorize(lightness, mean), rgb))
        gray.append(evaluation.rmse(evaluation.colorize(lightness, lab.normalise_ab(torch.zeros_like(ab))), rgb))
    return {"gray": round(torch.cat(gray).mean().item(), 4), "regression": round(torch.cat(regression).mean().item(), 4)}


if __name__ == "__main__":
    main()
