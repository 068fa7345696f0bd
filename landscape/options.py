"""Options shared by several command lines."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from landscape.data.sources import FORMS as DATA_FORMS
from landscape.data.sources import SPLITS
from landscape.errors import InputError
from landscape.metrics import LOSSES
from landscape.models.named import FORMS, KINDS
from landscape.run import Request
from landscape.run.option import option_of
from landscape.training import TrainingSettings
from landscape.training.optimizers import OPTIMIZERS
from landscape.training.schedules import SCHEDULES

Group = Any
"""A parser or one of its argument groups, for which argparse has no public type."""


def add_network(parser: argparse.ArgumentParser) -> Group:
    """Options of the network and its weights, and of a whole problem of the user's own."""
    group = parser.add_argument_group("network")
    add = group.add_argument
    add_problem(group)
    add("--model", metavar="NAME", help=f"{', '.join(FORMS)} (default: inferred from weights)")
    add(
        "--weights",
        metavar="FILE",
        help="checkpoint, from which model and settings are inferred; or weights of torchvision, "
        "as in ResNet34_Weights.IMAGENET1K_V1",
    )
    add_key(group)
    add_variant(group, "inferred from weights")
    add_parameters(group)
    return group


def add_problem(group: Group) -> None:
    """The option of a problem of the user's own."""
    group.add_argument(
        "--problem",
        metavar="FUNCTION",
        help="package.module:function or FILE.py:function, called without arguments: returns a "
        "landscape.Problem, in place of network, data and loss given here",
    )


def add_key(group: Group) -> None:
    """The place of the weights in a checkpoint."""
    group.add_argument(
        "--key",
        metavar="NAME",
        help="where the weights are in a checkpoint, as in ema or ema.model (default: looked for)",
    )


def add_parameters(group: Group) -> None:
    """The choice of parameters."""
    group.add_argument(
        "--parameters",
        metavar="WHICH",
        help="the parameters that move, all others are constant: trainable, all, patterns of names "
        "as in 'lora_*,head.*', package.module:function (default: trainable)",
    )


def add_variant(group: Group, default: str) -> None:
    """Options of the network's variant; ``default`` describes their default in the help."""
    add = group.add_argument
    add("--shortcuts", metavar="KIND", help=f"{', '.join(KINDS)} (default: {default})")
    add("--width", type=int, metavar="N", help="multiplier of the channels")
    add(
        "--settings",
        action=_Settings,
        metavar="KEY=VALUE,…",
        help=f"other settings of the network, as in growth=24 (default: {default})",
    )


class _Settings(argparse.Action):
    """Parse ``growth=24,classes=100`` into a dict; repeated options are combined."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        found = dict(getattr(namespace, self.dest) or {})
        for part in values.split(","):
            key, equals, value = (text.strip() for text in part.partition("="))
            if not (key and equals and value):
                raise InputError(
                    f"--settings {values!r}: expected KEY=VALUE, separated by commas, as in "
                    "--settings width=2,classes=100"
                )
            if key in found:
                raise InputError(f"--settings gives {key} twice: {found[key]} and {value}")
            found[key] = value
        setattr(namespace, self.dest, found)


def add_data(parser: argparse.ArgumentParser, splits: Iterable[str] = SPLITS) -> Group:
    """Options of the examples, their split and the loss."""
    group = parser.add_argument_group("data")
    add = group.add_argument
    add(
        "--data",
        metavar="SOURCE",
        help=f"{', '.join(DATA_FORMS)} (default: digits)",
    )
    add(
        "--preprocess",
        metavar="HOW",
        help="cifar10, imagenet, digits, scenes, none, or MEAN,…/STD,… (default: the source's own, "
        "for weights trained elsewhere of a network of yours none)",
    )
    add(
        "--split",
        metavar="SPLIT",
        help=f"{', '.join(splits)} (default: train; all of data without splits)",
    )
    add("--limit", type=int, metavar="N", help="a fixed random subset of N examples of each split")
    add(
        "--loss",
        metavar="NAME",
        help=f"{', '.join(LOSSES)} or package.module:function (default: cross_entropy, for masks "
        "pixel_loss)",
    )
    return group


def add_request(group: Group, name: str) -> None:
    """The fields of :class:`landscape.run.Request` of one group."""
    for one in fields(Request):
        option = option_of(one)
        if option.metavar is None or option.group != name:
            continue
        group.add_argument(
            *(f"-{short}" if len(short) == 1 else f"--{short}" for short in option.more_names),
            f"--{one.name.replace('_', '-')}",
            dest=one.name,
            type=None if option.several else option.read,
            action="append" if option.several else "store",
            metavar=option.metavar,
            help=(option.help + option.in_command).replace("%", "%%"),
        )


def request_in(given: dict[str, Any]) -> Request:
    """The request given on a command line; removes its options from ``given``.

    ``--x`` alone gives a line; without both, the directions determine the ranges of all axes.
    Raises an InputError as :class:`Request` does, and for ``--y`` without ``--x``.
    """
    options = {one.name: given.pop(one.name) for one in fields(Request) if one.name in given}
    if "y" in options and "x" not in options:
        raise InputError(f"--y={options['y']} without --x: give both, or --x alone for a line")
    x = options.get("x", "default")
    if x != "default" and not x.startswith("auto"):
        options.setdefault("y", None)
    return Request(**options)


_TRAINING = {
    "epochs": ("N", ""),
    "lr": ("R", "peak learning rate "),
    "optimizer": ("NAME", f"{', '.join(OPTIMIZERS)} "),
    "momentum": ("M", "Nesterov momentum of sgd, β₁ of adam "),
    "weight_decay": ("D", ""),
    "batch_size": ("N", ""),
    "schedule": ("NAME", f"{', '.join(SCHEDULES)} "),
    "seed": ("N", ""),
}
"""Placeholder and help of each field of :class:`TrainingSettings`."""


def add_training(parser: argparse.ArgumentParser, default: TrainingSettings) -> None:
    """Training options: the fields of :class:`TrainingSettings` except ``checkpoint_every``."""
    for name, (metavar, words) in _TRAINING.items():
        option, value = f"--{name.replace('_', '-')}", getattr(default, name)
        how: dict[str, Any] = {"type": type(value), "default": value, "metavar": metavar}
        parser.add_argument(option, **how, help=f"{words}({value})")


def training_in(options: argparse.Namespace) -> TrainingSettings:
    """The training settings given on a command line; others are defaults."""
    names = [f.name for f in fields(TrainingSettings) if hasattr(options, f.name)]
    return TrainingSettings(**{name: getattr(options, name) for name in names})


def add_device(group: Group) -> None:
    """The device option."""
    group.add_argument(
        "--device", metavar="NAME", help="auto, cpu, cuda, cuda:N, mps (default: auto)"
    )
