"""Random command lines: valid options with valid, odd and invalid values."""

from __future__ import annotations

import argparse
import os
import random
import shutil
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
import landscape.weights
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
    "weights": landscape.weights,
}

FILES = ["surface.h5", "legacy.h5", "directions.h5", "zip.pt", "curve.pt", "run", "results.h5"]
FILES += ["cifar10.npz", "own.py", "nowhere.h5", "new/there.h5", ".", "", "..", "/dev/null"]
NUMBERS = ["0", "1", "-1", "2", "3", "nan", "inf", "-inf", "1e400", "1e9", "0.5", "-0.0", "", " "]
WORDS = ["none", "auto", "default", "random", "train", "both", "digits", "cifar10:", "resnet8"]
WORDS += ["own:network", "own:nothing", "nowhere:x", "a:b:c", ":", "::", "-1:1:2", "1:-1:3"]
WORDS += ["-1:1:1e9", "0:1:999999999", "loss", "accuracy,top5", "top0", "gradient_norm", "x\x00y"]
WORDS += ["é“…\U0001f600", "a" * 300, "../../etc", "--x", "2%", "2%,0.1", "-3%", "<b>", "{}", "%s"]
WORDS += ["width=2", "growth=", "=", "curve:curve.pt", "pca:run", "between:zip.pt,first.pt"]
WORDS += ["hessian", "hessian:9,9", "ascent:adaptive", "example:resnet56", "example:nothing"]
WORDS += ["out.png", "out.pdf", "out.svg", "out.html", "out.stl", "out.xyz", "out.h5"]

# Plausible values, by option.
MEANT = {
    "x": ["-1:1:2", "0", "0:1:3", "auto:2", "-.5:1e0:2"],
    "y": ["-1:1:2", "0", "0:2:2"],
    "directions": ["random", "directions.h5", "pca:run", "between:zip.pt,first.pt", "ascent"],
    "norm": ["filter", "layer", "model", "weight", "dfilter", "dlayer", "none"],
    "ignore": ["biasbn", "none"],
    "bn": ["stored", "interpolate", "reestimate"],
    "precision": ["float32", "bfloat16", "auto", "tf32"],
    "tolerance": ["5%", "5%,0.02", "100%"],
    "metrics": ["accuracy", "top5", "accuracy,mse", "eigen_ratio"],
    "split": ["train", "test", "both"],
    "loss": ["cross_entropy", "mse", "dice_loss"],
    "weights": ["zip.pt", "pickle.pt", "resnet8.pt"],
    "shortcuts": ["none", "identity", "projection", "add"],
    "data": [
        *("digits", "cifar10:cifar10.npz", "cifar10:cifar10.tar.gz", "cifar100:cifar100.tar.gz"),
        *("data.npz", "data.pt", "inputs.npy,targets.npy", "own:data", "own.py:data"),
    ],
    "problem": ["own:problem", "own.py:problem", "own:network"],
    "preprocess": ["digits", "none", "0.5/0.5", "cifar10"],
    "trajectories": ["run"],
    "tune": ["on", "off"],
    "path": ["out.h5", "surface.h5", "t"],
    "output": ["out.h5", "out.png", "out.svg", "out.html", "surface.h5", "t"],
    "quantity": ["train_loss", "train_accuracy", "train_count"],
    "title": ["A title", "<script>alert(1)</script>", "$\\frac{$"],
    "levels": ["5", "1,2,3", "0", "3,1"],
    "clip": ["auto", "none", "3"],
    "cmap": ["viridis", "nothing"],
    "width": ["column", "page", "2", "4.5"],
    "optimizer": ["sgd", "adam"],
    "schedule": ["onecycle", "step", "constant"],
    "device": ["cpu", "auto", "cuda", "cuda:7"],
}

# Options that keep a valid line from taking minutes.
_SMALL = {
    "sample": ["--model", "own:network", "--limit", "4", "--x=-1:1:2", "--device", "cpu"],
    "train": ["--model", "resnet8", "--limit", "4", "--epochs", "1", "-o", "new"],
    "connect": ["--model", "own:network", "--limit", "4", "--epochs", "1", "--points", "3"],
    "curvature": ["--model", "own:network", "--limit", "4", "--top", "1"],
    "render": ["-o", "out.html"],
    "weights": ["-o", "out.png"],
}
# Options that keep any line from serving a page or training for minutes.
_NEVER = {"experiments": ["--size", "tiny"], "live": ["--port", "-1"]}
_POSITIONAL = {"info": 1, "compare": 2, "convert": 2, "render": 1, "connect": 2, "live": 1}
_POSITIONAL |= {"weights": 1}


def _value(action: Any, rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.75:
        if action.choices:
            return str(rng.choice(list(action.choices)))
        if action.dest in MEANT:
            return rng.choice(MEANT[action.dest])
    if kind < 0.9 and action.type in (int, float):
        return rng.choice(NUMBERS)
    return rng.choice(rng.choice([NUMBERS, WORDS, FILES]))


def generated(rng: random.Random, only: str = "") -> tuple[str, list[str]]:
    """A command and its arguments."""
    command = rng.choice([name for name in PARSERS if only in name])
    parser: argparse.ArgumentParser = PARSERS[command]._parser()
    options = [a for a in parser._actions if a.option_strings and a.dest not in ("help", "live")]
    words = []
    for _ in range(_POSITIONAL.get(command, 0) + rng.choice([0, 0, 0, 0, 1, -1])):
        whole = ["surface.h5"] if command not in ("connect",) else ["zip.pt", "second.pt"]
        words.append(rng.choice(whole * 30 + FILES))
    if rng.random() < 0.85:
        words += _SMALL.get(command, [])
    else:
        words += _SMALL.get(command, [])[:4]  # always with a network, to avoid the default job
    for action in rng.sample(options, min(len(options), rng.choice([0, 1, 1, 2, 3]))):
        name = rng.choice(action.option_strings)
        if action.nargs == 0:
            words.append(name)
        elif name.startswith("--") and rng.random() < 0.7:
            words.append(f"{name}={_value(action, rng)}")
        else:
            words += [name, _value(action, rng)]
    if rng.random() < 0.05:
        words.insert(rng.randrange(len(words) + 1), rng.choice([*WORDS, "--nothing", "-q", "--"]))
    if command in _NEVER:
        words += _NEVER[command]
    return command, words


def run_line(command: str, words: list[str], good: Path, folder: Path) -> int:
    """Run a command in a folder with copies of all good files."""
    shutil.copytree(good, folder, copy_function=os.link, dirs_exist_ok=True)
    return MAIN[command](words)
