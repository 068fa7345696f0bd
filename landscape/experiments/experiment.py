"""An experiment: train and measure networks, store the results, draw and describe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic

from landscape.device import choose_device
from landscape.errors import InputError, argument, unknown_choice
from landscape.experiments import setup as setups
from landscape.experiments.results import Results
from landscape.experiments.setup import AnySize, Setup

RESULTS = "results.h5"


@dataclass(frozen=True)
class Outcome:
    """What an experiment leaves behind.

    Attributes
    ----------
    results
        All numbers, see :mod:`landscape.experiments.results`.
    figures
        Pictures drawn from them.
    findings
        What was found, one sentence each, computed from the numbers.
    """

    results: Path
    figures: list[Path]
    findings: list[str]


@dataclass(frozen=True)
class Experiment(Generic[AnySize]):
    """What one experiment adds to the common course of all.

    Attributes
    ----------
    name
        As on the command line.
    sizes
        What ``small`` and ``paper`` stand for.
    measure
        Trains the networks, as far as that is not done, and measures them.
    draw
        Writes figures of the results to a folder; their paths.
    findings
        Puts the results into sentences.
    seeds
        The default. An experiment whose default is one seed compares single networks, and takes
        no more than one.
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
        """Train and measure all networks; store, draw and describe the results.

        Parameters
        ----------
        folder
            Gets ``results.h5``, the figures, and a folder for each training. Complete trainings
            and surfaces are kept, interrupted ones are resumed.
        size
            ``small`` or ``paper``: networks and settings of the trainings.
        data
            A source of labelled images; None is ``digits`` for the small size.
        seeds
            Every network is trained once with each; None for the default of the experiment.

        Raises
        ------
        InputError
            If the data or the size are missing or unknown, there are more seeds than the
            experiment takes, or the folder holds trainings or surfaces with other settings.
        """
        if size not in self.sizes:
            raise unknown_choice("size", size, self.sizes)
        source, chosen = setups.source_for(size, data), self.sizes[size]
        seeds = self.seeds if seeds is None else tuple(dict.fromkeys(seeds))
        if len(self.seeds) == 1 and len(seeds) != 1:
            raise InputError(
                f"{argument('seeds', seeds)}: {self.name} compares single networks; "
                "expected one seed"
            )
        for seed in seeds:
            replace(chosen.settings, seed=seed)  # refuses a seed that is too large
        choose_device(device)
        splits, folder = setups.both_splits(source), Path(folder)
        setup = Setup(self.name, folder, size, chosen, source, splits, seeds, device, progress)
        results = self.measure(setup)
        results.save(folder / RESULTS)
        return Outcome(folder / RESULTS, self.draw(results, folder), self.findings(results))
