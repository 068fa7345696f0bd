"""Loss landscapes of neural networks.

>>> import landscape
>>> problem = landscape.Problem(network, (inputs, labels), loss="cross_entropy")
>>> surface = landscape.sample_surface(problem, x="-1:1:25", y="-1:1:25", path="mine.h5")
>>> figure = surface.plot.contour()
>>> page = surface.plot.html("mine.html")

Names and modules (``landscape.render``, ``landscape.metrics``, …) are imported on first use:
opening and drawing a saved surface does not import torch.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from landscape.accessors import register_accessor
from landscape.starting import answer_ctrl_c, is_command
from landscape.version import __version__

if TYPE_CHECKING:
    from landscape.adapters.lightning import from_lightning
    from landscape.adapters.recorder import Recorder
    from landscape.adapters.trainer import from_trainer
    from landscape.build import build_problem
    from landscape.data import Stream
    from landscape.default_job import run_default_job
    from landscape.errors import InputError
    from landscape.grid import Grid, parse_range
    from landscape.measures import compare_surfaces
    from landscape.memory import keep_freed_memory
    from landscape.problem import Problem
    from landscape.run import sample_surface
    from landscape.store import open_surface, save_surface
    from landscape.surface import Surface
    from landscape.tables import from_dataframe, from_xarray
    from landscape.training import train_network

_HOME = {
    "Grid": "landscape.grid",
    "InputError": "landscape.errors",
    "Problem": "landscape.problem",
    "Recorder": "landscape.adapters.recorder",
    "Stream": "landscape.data",
    "Surface": "landscape.surface",
    "build_problem": "landscape.build",
    "compare_surfaces": "landscape.measures",
    "from_dataframe": "landscape.tables",
    "from_lightning": "landscape.adapters.lightning",
    "from_trainer": "landscape.adapters.trainer",
    "from_xarray": "landscape.tables",
    "keep_freed_memory": "landscape.memory",
    "open_surface": "landscape.store",
    "parse_range": "landscape.grid",
    "run_default_job": "landscape.default_job",
    "sample_surface": "landscape.run",
    "save_surface": "landscape.store",
    "train_network": "landscape.training",
}

__all__ = [
    "Grid",
    "InputError",
    "Problem",
    "Recorder",
    "Stream",
    "Surface",
    "__version__",
    "build_problem",
    "compare_surfaces",
    "from_dataframe",
    "from_lightning",
    "from_trainer",
    "from_xarray",
    "keep_freed_memory",
    "open_surface",
    "parse_range",
    "run_default_job",
    "sample_surface",
    "save_surface",
    "train_network",
]

if is_command(sys.orig_argv):
    answer_ctrl_c()

register_accessor("tables", lambda: importlib.import_module("landscape.tables").SurfaceTables)
register_accessor("plot", lambda: importlib.import_module("landscape.render.accessor").SurfacePlot)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name.startswith("_") or not importlib.util.find_spec(f"landscape.{name}"):
        raise AttributeError(f"module 'landscape' has no attribute {name!r}")
    return importlib.import_module(f"landscape.{name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
