"""Curve files: a checkpoint of the control point that also contains both end points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.checkpoint import read_tensors
from landscape.curve.bezier import State, curve_point
from landscape.errors import InputError


@dataclass(frozen=True)
class Curve:
    """A quadratic Bézier curve between two solutions.

    Attributes
    ----------
    a, control, b
        State dicts of the end points as given, and of the control point, which the curve bends
        towards without passing through it, with its own statistics.
    names
        Names of the end points: those of their files.
    facts
        Training settings.
    epochs
        Number of completed epochs.
    """

    a: State
    control: State
    b: State
    names: tuple[str, str] = ("A", "B")
    facts: dict[str, Any] = field(default_factory=dict)
    epochs: int = 0

    def at(self, t: float) -> State:
        """The state at t, including statistics; A at 0, B at 1."""
        return curve_point(self.a, self.control, self.b, t)


def read_curve(path: str | Path) -> Curve:
    """Read a curve file written by ``landscape.connect``; only tensors and plain values are loaded.

    Raises
    ------
    InputError
        If the file is missing, damaged or of another kind, or its training is unfinished.
    """
    curve = curve_in(read_tensors(Path(path)), Path(path))
    wanted = curve.facts.get("epochs", 0)
    if curve.epochs < wanted:
        raise InputError(
            f"{path}: training of this curve stopped after {curve.epochs} of {wanted} epochs; "
            "run the same command again to resume it"
        )
    return curve


def curve_in(content: Any, path: Path) -> Curve:
    """Validate the content of the file ``path`` as a curve, finished or not."""
    data = content if isinstance(content, Mapping) else {}
    states = [data.get("state_dict"), *(ends if isinstance(ends := data.get("ends"), list) else [])]
    names = data.get("names")
    if not (
        len(states) == 3
        and all(_is_state(state) for state in states)
        and _shapes(states[0]) == _shapes(states[1]) == _shapes(states[2])
        and isinstance(names, list)
        and len(names) == 2
    ):
        raise InputError(
            f"{path} is not a curve file: expected a control point and two end points of the same "
            "shapes, as written by train_curve and python -m landscape.connect"
        )
    control, a, b = (dict(state) for state in states if state is not None)
    facts, epochs = data.get("facts", {}), data.get("epoch", 0)
    return Curve(a, control, b, (str(names[0]), str(names[1])), facts, epochs)


def _is_state(state: Any) -> bool:
    return isinstance(state, Mapping) and all(isinstance(t, Tensor) for t in state.values())


def _shapes(state: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
