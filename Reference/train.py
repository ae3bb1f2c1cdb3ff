"""Trains the colorization network: `python train.py conditioning|flow|joint --photos DIR --work DIR --steps N`.

Each stage continues from its own checkpoint in the work folder if there is one, else from the stage before it or from
the model that `--from` names. The learning rate falls with the share of the stage's steps that is done.

On a processor, one process for each core is faster than threads: `torchrun --nproc-per-node 2 train.py ...` averages their
gradients; `--batch` counts each process's own images.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict
from pathlib import Path

import torch

from autochrome import guidance, network
from autochrome.devices import Workers
from autochrome.trainer import STAGES, Trainer


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("stage", choices=STAGES)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--cache", type=Path, help="folder for decoded photographs; WORK/cache if left out")
    p.add_argument(
        "--mixture", nargs="+", default=["photo160=1"], metavar="NAME=WEIGHT",
        help="how often photographs are drawn: photo160, photo192, its people, its others, or a set of its manifest",
    )
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
    p.add_argument("--keep", type=float, default=5, help="minutes between checkpoints, also where none is validated")
    p.add_argument("--validation", type=int, default=96, help="validation images while training")
    p.add_argument("--encoder-rate", type=float, default=0.3, help="the encoder's share of the learning rate; 0 keeps it fixed")
    p.add_argument("--sizes", type=int, nargs=2, default=[160, 224], help="of the conditioning stage's images, in its halves")
    p.add_argument("--judge", type=Path, nargs="+", default=[], help="ImageNet weights of EfficientNet-Lite1 to 4, judges of colours by turns")
    p.add_argument("--judge-weight", type=float, default=0.3, help="the judges' weight in the loss")
    p.add_argument("--palette", type=float, default=0, help="the conditioning stage's weight of a distribution over colour classes")
    p.add_argument("--realism", type=float, default=0, help="weight of a discriminator, which sees as the judges see")
    p.add_argument("--energy", type=float, default=0.1, help="weight of the samples' energy score")
    p.add_argument("--guided", type=float, default=0.25, help="share of a batch's pictures whose samples are guided")
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
    args.mixture = weights_of(args.mixture)
    args.shares = args.shares or [1.0] * len(args.start)
    if len(args.shares) != len(args.start) or not all(x >= 0 for x in args.shares) or sum(args.shares) == 0 < len(args.shares):
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
    Trainer(args, weighting, workers).run()


def weights_of(mixture: list[str]) -> dict[str, float]:
    """`NAME=WEIGHT` as a dictionary."""
    try:
        weights = {name: float(weight) for name, weight in (part.split("=") for part in mixture)}
    except ValueError:
        weights = {}
    if not weights or not all(0 < weight < math.inf for weight in weights.values()):
        raise SystemExit("--mixture: NAME=WEIGHT for each kind of photographs, weights more than 0")
    return weights


if __name__ == "__main__":
    main()
