"""The file of a curve: a checkpoint of its control point, with both ends beside it."""

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
        State dicts: the ends as they were given, and the control point, which the curve bends
        towards and does not pass through, with statistics of its own.
    names
        What the ends are called: the names of their files.
    facts
        What the curve was trained with.
    epochs
        Passes over the examples that are done.
    """

    a: State
    control: State
    b: State
    names: tuple[str, str] = ("A", "B")
    facts: dict[str, Any] = field(default_factory=dict)
    epochs: int = 0

    def at(self, t: float) -> State:
        """The state on the curve, statistics included; A at 0, B at 1."""
        return curve_point(self.a, self.control, self.b, t)


def read_curve(path: str | Path) -> Curve:
    """Read what ``landscape.connect`` wrote, tensors and plain values only.

    Raises
    ------
    InputError
        If the file is missing, damaged or foreign, or its training did not end.
    """
    curve = curve_in(read_tensors(Path(path)), Path(path))
    wanted = curve.facts.get("epochs", 0)
    if curve.epochs < wanted:
        raise InputError(
            f"{path} holds a curve after {curve.epochs} of {wanted} epochs; go on with it by the "
            "command that began it"
        )
    return curve


def curve_in(content: Any, path: Path) -> Curve:
    """The curve in what ``path`` holds, finished or not."""
    held = content if isinstance(content, Mapping) else {}
    states = [held.get("state_dict"), *(ends if isinstance(ends := held.get("ends"), list) else [])]
    names = held.get("names")
    if not (
        len(states) == 3
        and all(_is_state(state) for state in states)
        and _shapes(states[0]) == _shapes(states[1]) == _shapes(states[2])
        and isinstance(names, list)
        and len(names) == 2
    ):
        raise InputError(
            f"{path} holds no curve: expected a control point and two ends of the same shapes, as "
            "train_bezier and python -m landscape.connect write them"
        )
    control, a, b = (dict(state) for state in states if state is not None)
    facts, epochs = held.get("facts", {}), held.get("epoch", 0)
    return Curve(a, control, b, (str(names[0]), str(names[1])), facts, epochs)


def _is_state(state: Any) -> bool:
    return isinstance(state, Mapping) and all(isinstance(t, Tensor) for t in state.values())


def _shapes(state: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}
