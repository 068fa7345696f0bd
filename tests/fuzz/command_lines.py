"""Command lines that a monkey types: right options with right, odd and impossible values."""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import landscape.compare
import landscape.connect
import landscape.convert
import landscape.curvature
import landscape.experiments.__main__
import landscape.info
import landscape.live
import landscape.render.__main__
import landscape.sample
import landscape.train
from tests.commands.calls import MAIN

PARSERS = {
    "sample": landscape.sample,
    "train": landscape.train,
    "connect": landscape.connect,
    "curvature": landscape.curvature,
    "info": landscape.info,
    "compare": landscape.compare,
    "convert": landscape.convert,
    "render": landscape.render.__main__,
    "experiments": landscape.experiments.__main__,
    "live": landscape.live,
}

FILES = [
    "surface.h5",
    "legacy.h5",
    "directions.h5",
    "zip.pt",
    "curve.pt",
    "run",
    "results.h5",
    "cifar10.npz",
    "own.py",
    "nowhere.h5",
    "new/there.h5",
    ".",
    "",
]
VALUES = ["0", "1", "-1", "2", "3", "nan", "inf", "-inf", "1e400", "1e9", "0.5", "-0.0", "", " "]
WORDS = ["none", "auto", "default", "random", "train", "both", "digits", "cifar10:", "resnet8"]
WORDS += ["own:network", "own:nothing", "nowhere:x", "a:b:c", ":", "::", "-1:1:2", "1:-1:3"]
WORDS += ["-1:1:1e9", "0:1:999999999", "loss", "accuracy,top5", "top0", "gradient_norm", "x\x00y"]
WORDS += ["é“…\U0001f600", "a" * 300, "../../etc", "/dev/null", "--x", "2%", "2%,0.1", "-3%"]
WORDS += ["width=2", "growth=", "=", "curve:curve.pt", "pca:run", "between:zip.pt,first.pt"]
WORDS += ["hessian", "hessian:9,9", "ascent:adaptive", "example:resnet56", "example:nothing"]
WORDS += ["out.png", "out.pdf", "out.svg", "out.html", "out.stl", "out.gif", "out.xyz", "out.h5"]

# What keeps a line that happens to be right from taking minutes.
_SMALL = {
    "sample": ["--model", "own:network", "--limit", "4", "--x=-1:1:2", "--device", "cpu"],
    "train": ["--model", "resnet8", "--limit", "4", "--epochs", "0"],
    "connect": ["--model", "own:network", "--limit", "4", "--epochs", "1", "--points", "3"],
    "curvature": ["--model", "own:network", "--limit", "4", "--top", "1"],
    "render": ["-o", "out.html"],
    "experiments": ["--size", "tiny"],
    "live": ["--port", "-1"],
}
_POSITIONAL = {"info": 1, "compare": 2, "convert": 2, "render": 1, "connect": 2, "live": 1}


def _value(action: Any, rng: random.Random, good: Path) -> str:
    kind = rng.random()
    if action.choices and kind < 0.6:
        return str(rng.choice(list(action.choices)))
    if kind < 0.35:
        return rng.choice(VALUES)
    if kind < 0.8:
        return rng.choice(WORDS)
    return str(good / rng.choice(FILES))


def generated(rng: random.Random, good: Path, only: str = "") -> tuple[str, list[str]]:
    """A command and its arguments."""
    command = rng.choice([name for name in PARSERS if only in name])
    parser: argparse.ArgumentParser = PARSERS[command]._parser()
    options = [a for a in parser._actions if a.option_strings and a.dest != "help"]
    words = []
    for _ in range(_POSITIONAL.get(command, 0) + rng.choice([0, 0, 0, 0, 1, -1])):
        whole = ["surface.h5"] if command not in ("connect",) else ["zip.pt", "second.pt"]
        words.append(str(good / rng.choice(whole * 8 + FILES)))
    if rng.random() < 0.85:
        words += _SMALL.get(command, [])
    else:
        words += _SMALL.get(command, [])[rng.choice([0, 2, 4]) :]
    for action in rng.sample(options, rng.choice([0, 1, 1, 2, 3]) if options else 0):
        name = rng.choice(action.option_strings)
        if action.nargs == 0:
            words.append(name)
        elif name.startswith("--") and rng.random() < 0.7:
            words.append(f"{name}={_value(action, rng, good)}")
        else:
            words += [name, _value(action, rng, good)]
    if rng.random() < 0.1:
        words.insert(rng.randrange(len(words) + 1), rng.choice([*WORDS, "--nothing", "-q", "--"]))
    return command, words


def run_line(command: str, words: list[str], good: Path, folder: Path) -> int:
    """Run it where ``zip.pt``, ``run`` and all other good files lie in the current folder."""
    for file in good.iterdir():
        (folder / file.name).symlink_to(file)
    return MAIN[command](words)
