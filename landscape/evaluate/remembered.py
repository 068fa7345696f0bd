"""What earlier runs on this machine chose, in the user's cache folder.

One small file for each network, kind of data and options; any of them may be deleted. What a file
says is only used where the outputs of that way agree, as with every other.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from landscape.data import Batch
from landscape.evaluate.network import traced
from landscape.evaluate.settings import Settings
from landscape.problem import Problem
from landscape.version import __version__

_INSTRUCTIONS = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA")


@dataclass(frozen=True)
class Remembered:
    """What was chosen, and how many times as fast as the plain way it was."""

    settings: Settings
    gain: float


def folder() -> Path:
    """``landscape/ways`` in ``$XDG_CACHE_HOME``, by default ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "landscape" / "ways"


def key(problem: Problem, batch: Batch, options: Sequence[object]) -> str:
    """Of a network on this machine, with data of this shape.

    ``batch``: the first examples. ``options``: whatever else the choice depends on.
    """
    device, graph = problem.device, traced(problem.model)
    held = [*problem.model.named_parameters(), *problem.model.named_buffers()]
    parts = [
        (__version__, torch.__version__, platform.node(), platform.machine()),
        (torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()),
        [os.environ.get(name) for name in _INSTRUCTIONS],
        (device.type, torch.cuda.get_device_name(device) if device.type == "cuda" else ""),
        (str(problem.model), None if graph is None else graph.code),
        [(name, tuple(tensor.shape), str(tensor.dtype)) for name, tensor in held],
        (str(batch), len(batch), type(problem.objective).__name__, problem.objective.noise),
        list(options),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def recall(name: str) -> Remembered | None:
    """What was remembered under a key; None if that is nothing, or cannot be read."""
    try:
        held = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        settings = Settings.from_attributes(held["settings"])
        return None if settings is None else Remembered(settings, float(held["gain"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(name: str, chosen: Remembered) -> None:
    """Keep it, unless the folder cannot be written."""
    attributes = {**chosen.settings.attributes(torch.float32), "dtype": "float32"}
    text = json.dumps({"settings": attributes, "gain": chosen.gain})
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder(), delete=False, encoding="utf-8", suffix=".tmp"
        ) as file:
            file.write(text)
        os.replace(file.name, folder() / f"{name}.json")
