"""An experiment: train and measure networks, store, plot and summarize the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic

from landscape.device import choose_device
from landscape.errors import InputError, argument, check_choice
from landscape.experiments import setup as setups
from landscape.experiments.results import Results
from landscape.experiments.setup import AnySize, Setup

RESULTS = "results.h5"


@dataclass(frozen=True)
class Outcome:
    """The output of an experiment.

    ``results``: all numbers, see :mod:`landscape.experiments.results`. ``findings``: sentences
    computed from the numbers.
    """

    results: Path
    figures: list[Path]
    findings: list[str]


@dataclass(frozen=True)
class Experiment(Generic[AnySize]):
    """The parts in which experiments differ.

    Attributes
    ----------
    sizes
        Meaning of ``small`` and ``paper``.
    measure
        Trains the networks, unless already trained, and measures them.
    draw
        Writes figures of the results to a folder; returns their paths.
    findings
        Summarizes the results in sentences.
    seeds
        Default seeds. An experiment whose default is one seed compares single networks, and
        accepts only one.
    """

    name: str
    sizes: Mapping[str, AnySize]
    measure: Callable[[Setup[AnySize]], Results]
    draw: Callable[[Results, Path], list[Path]]
    findings: Callable[[Results], list[str]]
    seeds: tuple[int, ...] = (0, 1, 2)

    def run(
        self,
        folder: str | Path,
        *,
        size: str = "small",
        data: str | None = None,
        seeds: Sequence[int] | None = None,
        device: str = "auto",
        progress: bool = True,
    ) -> Outcome:
        """Train and measure all networks; store, plot and summarize the results.

        Raises an InputError if data or size are missing or unknown, there are more seeds than the
        experiment accepts, or the folder contains trainings or surfaces with other settings.

        Parameters
        ----------
        folder
            For ``results.h5``, figures, and one folder per training. Complete trainings and
            surfaces are reused, interrupted ones are resumed.
        size
            ``small`` or ``paper``: networks and settings of the trainings.
        data
            Source of labelled images; None is ``digits`` for the small size.
        seeds
            Every network is trained once with each seed; None is the experiment's default.
        """
        check_choice("size", size, self.sizes)
        source, chosen = setups.source_for(size, data), self.sizes[size]
        seeds = self.seeds if seeds is None else tuple(dict.fromkeys(seeds))
        if len(self.seeds) == 1 and len(seeds) != 1:
            raise InputError(
                f"{argument('seeds', seeds)}: {self.name} compares single networks; "
                "expected one seed"
            )
        for seed in seeds:
            replace(chosen.settings, seed=seed)  # raises for a seed that is too large
        choose_device(device)
        splits, folder = setups.both_splits(source), Path(folder)
        setup = Setup(self.name, folder, size, chosen, source, splits, seeds, device, progress)
        results = self.measure(setup)
        results.save(folder / RESULTS)
        return Outcome(folder / RESULTS, self.draw(results, folder), self.findings(results))
