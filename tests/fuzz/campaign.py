"""A program that damages many files and passes each to its reader.

``python -m tests.fuzz.campaign files|lines|both COUNT SEED [KIND]`` prints the numbers of outcomes
as a line of JSON, and every bug with its number, which reproduces it: a case depends only on seed
and number, so ``… files 1 SEED --first NUMBER`` is that case.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import random
import shutil
import socket
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import landscape
from tests.fuzz import archives, damage, hdf5, headers
from tests.fuzz.command_lines import generated, run_line
from tests.fuzz.guarded import Outcome, no_network, outcomes
from tests.fuzz.material import KINDS, Kind, make


@dataclass
class Told:
    """Numbers of outcomes, descriptions of the bugs, and the peak memory in bytes."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak: int = 0

    def add(self, what: str, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        self.peak = max(self.peak, outcome.peak)
        if outcome.kind not in ("right", "error"):
            self.faults.append(f"{what}: {outcome.kind}\n{outcome.said[-3000:]}")
            print(self.faults[-1], file=sys.stderr, flush=True)

    def add_all(self, other: Told) -> None:
        self.counts += other.counts
        self.faults += other.faults
        self.peak = max(self.peak, other.peak)


def damaged(path: Path, rng: random.Random) -> str:
    """Damage a file in place; how it was damaged."""
    suffix = path.suffix.removeprefix(".")
    structural = rng.random() < 0.4
    if structural and suffix == "h5":
        change = rng.choice(hdf5.CHANGES)
        hdf5.changed(path, change, rng)
    elif structural and (".tar" in path.name):
        change = rng.choice(archives.TAR_CHANGES)
        archives.changed_tar(path, change, rng)
    elif structural and path.read_bytes().startswith(b"PK"):
        change = rng.choice(archives.ZIP_CHANGES)
        archives.changed_zip(path, change, rng)
    elif structural and suffix in ("safetensors", "json"):
        headers.changed_header(path, rng)
        return "header"
    elif structural and suffix in ("pt", "pth", ""):
        path.write_bytes(rng.choice(archives.ATTACKS))
        return "attack"
    else:
        change = rng.choice(damage.DAMAGES)
        path.write_bytes(change(path.read_bytes(), rng))
    return str(change.__name__)


def read_damaged(kind: Kind, seed: str, good: Path, folder: Path) -> int:
    """Copy the good file into the folder, damage it, read it; the exit status."""
    rng = random.Random(seed)
    part = kind.name.partition("/")[0]
    if (good / part).is_dir():
        shutil.copytree(good / part, folder / part)
    else:
        shutil.copy(good / part, folder / part)
    how = damaged(folder / kind.name, rng)
    number = rng.randrange(len(kind.readers))
    print(f"({how}, reader {number})", file=sys.stderr)
    status = kind.readers[number](folder / part, good)
    if (folder / archives.TOUCHED).exists():
        return 77  # the attack has run
    return status


def damaged_files(numbers: range, seed: int, good: Path, scratch: Path, only: str) -> Told:
    told = Told()
    kinds = [kind for kind in KINDS if only in kind.name]
    chosen = [kinds[number % len(kinds)] for number in numbers]
    cases = [
        partial(read_damaged, kind, f"{seed} {number}", good)
        for number, kind in zip(numbers, chosen, strict=True)
    ]
    found = outcomes(cases, scratch)
    for number, kind, outcome in zip(numbers, chosen, found, strict=True):
        told.add(f"{number} {kind.name}", outcome)
    return told


def command_lines(numbers: range, seed: int, good: Path, scratch: Path, only: str) -> Told:
    told = Told()
    lines = [generated(random.Random(f"{seed} {number}"), only) for number in numbers]
    cases = [partial(run_line, command, words, good) for command, words in lines]
    for number, line, outcome in zip(numbers, lines, outcomes(cases, scratch), strict=True):
        told.add(f"{number} {line[0]} {' '.join(map(repr, line[1]))}", outcome)
    return told


def import_everything() -> None:
    """Import all modules of the package, which must not use the network."""
    socket.socket.connect = socket.socket.bind = no_network  # type: ignore[method-assign]
    socket.getaddrinfo = no_network
    for found in pkgutil.walk_packages(landscape.__path__, "landscape."):
        importlib.import_module(found.name)


def main() -> None:
    import_everything()
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("files", "lines", "both"))
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("only", nargs="?", default="")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--good", type=Path, help="an existing folder of good files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        good, scratch = given.good or Path(place, "good"), Path(place, "scratch")
        scratch.mkdir()
        if not good.exists():
            good.mkdir()
            make(good)
        sys.path.insert(0, str(good))
        numbers = range(given.first, given.first + given.count)
        files = {"files": len(numbers), "lines": 0, "both": 2 * len(numbers) // 3}[given.what]
        told = damaged_files(numbers[:files], given.seed, good, scratch, given.only)
        told.add_all(command_lines(numbers[files:], given.seed, good, scratch, given.only))
    print(json.dumps({"counts": told.counts, "faults": told.faults, "peak": told.peak}))


if __name__ == "__main__":
    main()
