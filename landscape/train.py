"""``python -m landscape.train``: train a network and save checkpoints and a history."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from landscape import commandline
from landscape.data import load_splits
from landscape.models.named import (
    FORMS,
    Network,
    asked_for,
    build_network,
    settings_among,
)
from landscape.options import add_training, add_variant, training_in
from landscape.training import FINAL, TrainingSettings, train_network

DESCRIPTION = """Train a network by SGD with Nesterov momentum or Adam, without augmentation.

Writes to a folder: final.pt (the trained weights, for landscape.sample), epoch_0000.pt, … during
training, and history.h5 with train and test loss and error per epoch. For data with masks the
error is per pixel, and intersection over union (IoU) is included."""

EXAMPLE = """  python -m landscape.train --model resnet56 --shortcuts none --data digits \\
      --epochs 25 -o runs/resnet56-none
  python -m landscape.train --model unet --settings levels=2,channels=8 --data scenes \\
      -o runs/unet"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(
        _command,
        argv,
        again="run the same command with --resume",
    )


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    settings = training_in(options)
    whole = load_splits(options.data, "both", preprocess=options.preprocess)
    data = {name: examples.subset(options.limit) for name, examples in whole.items()}

    def make_network() -> Network:
        # A small subset may lack some classes.
        classes = max(e.classes for e in whole.values())
        of_data = {"classes": classes, "in_channels": whole["train"].channels}
        given = asked_for(options.settings, shortcuts=options.shortcuts, width=options.width)
        return build_network(options.model, **{**settings_among(options.model, of_data), **given})

    folder = Path(options.output)
    history = train_network(
        make_network, data, folder, settings, device=options.device, resume=options.resume
    )
    print(f"{folder / FINAL}: {history.last_line()}")
    sample = ["--weights", str(folder / FINAL), "--data", options.data]
    if ":" in options.model:
        sample += ["--model", options.model]
    if options.preprocess:
        sample += ["--preprocess", options.preprocess]
    sample += ["-o", str(folder / "surface.h5")]
    print(f"sample it: python -m landscape.sample {shlex.join(sample)}")


def _parser() -> argparse.ArgumentParser:
    default = TrainingSettings()
    parser = commandline.parser("train", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("--model", default="resnet56", metavar="NAME", help=f"{', '.join(FORMS)} (resnet56)")
    add_variant(parser, "the network's own")
    add("--data", default="digits", metavar="SOURCE", help="as in landscape.sample (digits)")
    add("--preprocess", metavar="HOW", help="as in landscape.sample (the source's own)")
    add("--limit", type=int, metavar="N", help="a fixed random subset of N examples of each split")
    add_training(parser, default)
    add(
        "--checkpoint-every",
        type=int,
        default=default.checkpoint_every,
        metavar="K",
        help="save the weights every K epochs, for trajectories (0: only the first and last)",
    )
    add("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:N, mps (auto)")
    add("--resume", action="store_true", help="resume after the last complete epoch")
    add("-o", "--output", default="runs/train", metavar="FOLDER", help="(runs/train)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
