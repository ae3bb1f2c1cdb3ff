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
import os
import time
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F

import sheet
from autochrome import data, efficientnet, evaluation, initialisation, lab, modelfile, network

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
    with torch.no_grad():
        for a, b in zip(ema.state_dict().values(), model.state_dict().values()):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - decay)
            else:
                a.copy_(b)


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


def guidance(
    model: network.Colorizer,
    c: dict,
    lightness: torch.Tensor,
    chroma: torch.Tensor,
    count: int,
    judge: efficientnet.Judge | None,
    weight: float,
    samples: bool,
) -> torch.Tensor:
    """What likelihood alone leaves loose, for the first images of a batch: the mode and, if asked, the spread of the samples.

    The picture of z = 0 is tied to the network's own regression: chroma is heavy-tailed, its most likely value is not its
    mean, and the mode drifts to gray. The distance is taken between pictures, since the few coarse latents that make most
    of a picture count little in z. Two samples are scored against the truth as they are shown. What ran away in any of the
    three gives no gradient instead of an endless one. With a judge, the mode and a sample shall show what the photograph shows.
    """
    pictures = 3 if samples else 1
    part = {k: tuple(x[:count].repeat(pictures, 1, 1, 1) for x in c[k]) for k in c if k == "affine"}
    part |= {k: [x[:count].repeat(pictures, 1, 1, 1) for x in v] for k, v in c.items() if isinstance(v, list)}
    part[5] = c[5][:count].repeat(pictures, 1)
    noise = torch.randn((pictures - 1) * count, 8192, device=chroma.device)
    drawn = model.inverse(torch.cat([noise.new_zeros(count, 8192), noise]), part, restrained=True)
    mean, scale = part["affine"]
    drawn = torch.where((drawn - mean).abs() > 8 * scale.exp(), drawn.detach(), drawn)
    anchor = 2 * (drawn[:count] - mean[:count].detach()).pow(2).mean()
    if not samples:
        return anchor
    mode, first, second = model.limit(drawn, part).chunk(3)
    loss = anchor + 0.1 * energy_score(first, second, chroma[:count])
    if judge is None:
        return loss
    with torch.autocast(chroma.device.type, enabled=False):
        shown = torch.cat([evaluation.colorize(lightness[:count], x) for x in (mode, first)])
        truth = evaluation.colorize(lightness[:count], chroma[:count])
    shown, truth = (F.interpolate(x, size=(192, 192), mode="bilinear", antialias=True) for x in (shown, truth))
    with torch.no_grad():
        seen = judge(truth).repeat(2, 1)
    return loss + weight * efficientnet.divergence(judge(shown), seen)


GUIDE_LIMIT = 0.3  # about as long as the likelihood's own gradient


def guide(loss: torch.Tensor, parameters: list[torch.nn.Parameter]) -> tuple[list[torch.Tensor | None], bool]:
    """The gradients of what guides, together at most GUIDE_LIMIT long, none if they are not finite, and whether they were cut.

    A sample that runs away has gradients of any length; uncut they would outweigh the likelihood's.
    """
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    size = torch.stack([g.norm() for g in gradients if g is not None]).norm()
    if not math.isfinite(size):
        return [None] * len(gradients), True
    share = min(1.0, GUIDE_LIMIT / max(size.item(), 1e-12))
    return [g if g is None else g * share for g in gradients], share < 1


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


class Workers:
    """The processes that train together, one for each core; alone unless started by torchrun."""

    def __init__(self):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if self.count > 1:
            torch.distributed.init_process_group("gloo")
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, {cores[self.rank % len(cores)]})
            torch.set_num_threads(1)

    def average(self, parameters: list[torch.nn.Parameter], figure: torch.Tensor) -> float:
        """Gives every process the mean gradients, and returns the mean of the figure."""
        if self.count == 1:
            return figure.item()
        gradients = [torch.zeros_like(q) if q.grad is None else q.grad for q in parameters]
        flat = torch.cat([g.flatten() for g in gradients] + [figure.detach().float().view(1)]) / self.count
        torch.distributed.all_reduce(flat)
        for q, part in zip(parameters, flat[:-1].split([q.numel() for q in parameters])):
            q.grad = part.view_as(q)
        return flat[-1].item()

    def share(self, model: torch.nn.Module) -> None:
        """Gives every process the first one's weights."""
        if self.count > 1:
            for value in model.state_dict().values():
                sent = value.contiguous()
                torch.distributed.broadcast(sent, 0)
                value.copy_(sent)


def energy_score(first: torch.Tensor, second: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Gneiting & Raftery 2007, equation 22, of the colour at each place of the picture at three scales.

    It is least where samples are distributed as the truth is. Likelihood hardly sees a garish patch; this does.
    """

    def distance(a: torch.Tensor, b: torch.Tensor, scale: int) -> torch.Tensor:
        return (F.avg_pool2d(a - b, scale).pow(2).sum(1) + 1e-6).sqrt().mean()

    scores = [
        0.5 * (distance(first, truth, s) + distance(second, truth, s) - distance(first, second, s)) for s in (1, 4, 16)
    ]
    return sum(scores)


def regression_loss(mean, scale, ab):
    """Error of the mean in units of about one standard deviation, likelihood of the scale alone.

    The error is each picture's root mean square, as it is judged: one wild picture does not outweigh twenty.
    """
    unit = torch.tensor(lab.AB_SCALE, device=ab.device).view(1, 2, 1, 1) / 14
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
    progress = {"stage": args.stage, "minutes": 0.0, "steps": 0, "skipped": 0, "cut": 0, "images": 0, "curve": []}
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
    seed = args.seed + progress["steps"] + 1_000_000 * workers.rank
    mosaics = round(args.mosaics * args.batch) if args.stage == "conditioning" else 0
    progress |= {"mosaics": mosaics / args.batch, "aged": args.aged, "frames": args.frames}
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
    optimiser = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.99), eps=1e-6, weight_decay=1e-4)
    if optimiser_state:
        optimiser.load_state_dict(optimiser_state)
    for q in model.parameters():
        q.requires_grad_(False)
    for q in parameters:
        q.requires_grad_(True)

    judges = [efficientnet.Judge(str(path)).to(args.device, memory_format=torch.channels_last) for path in args.judge]
    recognises = judges and args.encoder and config.preset == "compact"
    classes = efficientnet.Classes(str(args.encoder)).to(args.device) if recognises else None
    torch.manual_seed(seed)

    guides = args.stage != "conditioning" and model.regression is not None

    def losses_of(step: int) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """What is minimised, what guides the samples beside it, and the figure that is reported.

        Every third step guides mode and samples, every third the mode alone: samples cost more than likelihood.
        """
        with torch.autocast(args.device, torch.bfloat16):
            if args.stage == "conditioning":
                judge = judges[step % len(judges)] if judges else None
                size = args.sizes[2 * step >= args.steps]
                lightness, ab = batches.next(size, args.smallest, args.tone, args.focus, args.aged, args.frames)
                lightness = lightness.contiguous(memory_format=torch.channels_last)
                loss, error = conditioning_loss(model, lightness, ab, judge, args.judge_weight, classes)
                return loss, None, error
            lightness, ab = batches.next(256, args.smallest, aged=args.aged, frames=args.frames)
            lightness = lightness.contiguous(memory_format=torch.channels_last)
            with torch.set_grad_enabled(args.stage == "joint"):
                features = model.features(lightness)
            c = model.conditions(features)
            ab = ab + 0.05 * torch.randn_like(ab)
            nll = network.nll_per_dimension(*model(ab, c)).mean()
            loss, guiding = nll, None
            if guides and step % 3 < 2:
                judge = judges[step // 3 % len(judges)] if judges else None
                few = args.batch // 4
                guiding = guidance(model, c, lightness, ab, few, judge, args.judge_weight, samples=step % 3 == 0)
            if args.stage == "joint" and model.regression is not None:
                loss = loss + regression_loss(*c["affine"], ab)[0]
            return loss, guiding, nll

    def gradients(step: int) -> tuple[float, torch.Tensor]:
        """The figure, and the size of the gradients before they are clipped, over all processes."""
        loss, guiding, figure = losses_of(step)
        optimiser.zero_grad(set_to_none=True)
        extra, is_cut = guide(guiding, parameters) if guiding is not None else ([], False)
        progress["cut"] += is_cut
        loss.backward()
        for q, g in zip(parameters, extra):
            if g is not None:
                q.grad = g if q.grad is None else q.grad.add_(g)
        figure = workers.average(parameters, figure)
        return figure, torch.nn.utils.clip_grad_norm_(parameters, 1.0 if args.stage == "conditioning" else 2.0)

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
    running = None
    ema_decay = 0.998
    mode_of_training()
    while True:
        step = progress["steps"]
        share = min(1.0, step / args.steps)
        rate = args.lr * min(1.0, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6
        for g in optimiser.param_groups:
            g["lr"] = rate * g["scale"]
        figure, size = gradients(step)
        exploded = running is not None and figure > running + 3
        if math.isfinite(figure) and size < 100 and not exploded:
            optimiser.step()
            average(ema, model, min(ema_decay, (step + 1) / (step + 10)))
            running = figure if running is None else 0.98 * running + 0.02 * figure
        else:
            progress["skipped"] += 1
        progress["steps"] += 1
        progress["images"] += args.batch * workers.count
        progress["minutes"] = before + (time.time() - start) / 60
        if progress["steps"] % 20 == 0 and workers.rank == 0:
            print(f"{args.stage} {progress['minutes']:.1f} min step {progress['steps']} loss {running or 0:.4f} grad {size:.2f}", flush=True)
        done = progress["steps"] >= args.steps
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
