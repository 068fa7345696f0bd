"""A program that kills runs of ``landscape.sample`` at random moments and resumes them.

``python -m tests.survival.killing FOLDER RUNS AT_ONCE SEED SAVE_EVERY_S`` prints a line of JSON.
Torch is imported once; each run is a fork of this process that calls ``landscape.sample.main``, so
that a run costs little more than its points.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import sklearn.datasets  # noqa: F401  (before the forks, or each would import it)

import landscape.run.saving
import landscape.sample
from landscape.errors import InputError
from landscape.store import open_surface
from landscape.surface import Surface
from tests.survival.runs import ARGUMENTS, write_module

_SECONDS_A_POINT = 0.05
_OF_THE_MOMENT = {"sessions", "seconds", "images_per_second", "date"}


@dataclass
class Told:
    """Statistics of one run or, added up, of several."""

    runs: int = 0
    kills: int = 0
    looks: int = 0
    unreadable: int = 0
    different: int = 0
    left_behind: int = 0
    largest_loss_s: float = 0.0

    def add(self, other: Told) -> None:
        for name, value in asdict(other).items():
            own = getattr(self, name)
            setattr(self, name, max(own, value) if name == "largest_loss_s" else own + value)


def start(output: Path) -> int:
    """Start a run that writes ``output``; its process ID."""
    process = os.fork()
    if process:
        return process
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    status = 1
    try:
        status = landscape.sample.main([*ARGUMENTS, "-o", str(output)])
    finally:
        os._exit(status)


def look(path: Path, whole: Surface | None, told: Told) -> Surface | None:
    """Open the file; count if it is unreadable or contains a wrong value."""
    if not path.exists():
        return None
    told.looks += 1
    try:
        found = open_surface(path)
    except InputError:
        told.unreadable += 1
        return None
    if whole is not None:
        for name, values in found.values.items():
            if values[found.done].tobytes() != whole[name][found.done].tobytes():
                told.different += 1
    return found


def watch(process: int, path: Path, seconds: float, whole: Surface | None, told: Told) -> bool:
    """Check the file until the run ends or time is up; whether it ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        look(path, whole, told)
        time.sleep(min(0.2, max(0.0, end - time.monotonic())))
    return False


def kill(process: int, path: Path, begun: float) -> float:
    """Kill the run; at most how many seconds of work are lost.

    A run saves before its first point: until then nothing is computed.
    """
    saved = path.stat().st_mtime if path.exists() else 0.0
    now = time.time()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return now - saved if saved >= begun else 0.0


def killed_until_complete(
    path: Path, whole: Surface, usual_s: float, random_: random.Random
) -> Told:
    """A run that is killed at least once before it is complete."""
    told = Told(runs=1)
    while True:
        again = told.kills == 0 or random_.random() < 0.5
        begun = time.time()
        process = start(path)
        seconds = random_.uniform(0, usual_s) if again else 120.0
        if not watch(process, path, seconds, whole, told):
            assert again, "the run does not end"
            told.largest_loss_s = max(told.largest_loss_s, kill(process, path, begun))
            told.kills += 1
            look(path, whole, told)
        elif told.kills == 0:
            path.unlink()  # finished before it was killed: start again
        else:
            break
    found = look(path, whole, told)
    told.different += found is None or not same(found, whole)
    told.left_behind += len(list(path.parent.glob(f".{path.name}*")))
    return told


def same(a: Surface, b: Surface) -> bool:
    """Whether two files are equal bit by bit, except for date and speed."""
    facts = [{k: v for k, v in s.attributes.items() if k not in _OF_THE_MOMENT} for s in (a, b)]
    values = all(a[name].tobytes() == b[name].tobytes() for name in b.values)
    masks = np.array_equal(a.done, b.done) and bool(a.done.all())
    return (
        facts[0] == facts[1]
        and a.axes == b.axes
        and set(a.values) == set(b.values)
        and (values and masks and a.grid.same_as(b.grid))
    )


def main(folder: Path, runs: int, at_once: int, seed: int, save_every_s: float) -> Told:
    """All runs, some in parallel; their statistics."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    write_module(folder, _SECONDS_A_POINT)
    landscape.run.saving.SAVE_EVERY_S = save_every_s
    begun = time.monotonic()
    os.waitpid(start(folder / "whole.h5"), 0)
    usual_s = time.monotonic() - begun
    whole = open_surface(folder / "whole.h5")
    assert whole.complete
    keepers = []
    for k in range(at_once):
        process = os.fork()
        if not process:
            told = Told()
            for run in range(k, runs, at_once):
                random_ = random.Random(f"{seed} {run}")
                told.add(killed_until_complete(folder / f"{run}.h5", whole, usual_s, random_))
            (folder / f"{k}.json").write_text(json.dumps(asdict(told)))
            os._exit(0)
        keepers.append(process)
    for process in keepers:
        os.waitpid(process, 0)
    total = Told()
    for k in range(at_once):
        total.add(Told(**json.loads((folder / f"{k}.json").read_text())))
    return total


if __name__ == "__main__":
    place, *numbers = sys.argv[1:]
    told = main(Path(place).resolve(), *map(int, numbers[:3]), save_every_s=float(numbers[3]))
    print(json.dumps(asdict(told)))
