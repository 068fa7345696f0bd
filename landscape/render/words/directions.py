"""Descriptions of the axes of a surface, for each kind of direction.

Attributes of an axis may be missing or have an unexpected type; unknown ones are left out. Only the
last part of a path is shown: the folders where it was computed mean nothing to a reader.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from landscape.render.words.numerals import short
from landscape.surface import Surface

_ORDINAL = {"x": "first", "y": "second"}
_ORDINALS = {1: "first", 2: "second", 3: "third"}
_EXTREME = {"top": "largest", "1": "largest", "bottom": "smallest"}
_LENGTH_OF = "length of "
_LONGEST = 28


def base_name(path: str) -> str:
    """The last part of a path, in POSIX or Windows notation.

    >>> base_name("/data/someone/subset.npz"), base_name("C:\\\\data\\\\subset.npz")
    ('subset.npz', 'subset.npz')
    """
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def text_of(surface: Surface, axis: str, fact: str) -> str:
    """An attribute of an axis as text; empty if missing."""
    return str(surface.axes.get(axis, {}).get(fact, "")).strip()


def number_of(surface: Surface, axis: str, fact: str) -> float:
    """An attribute of an axis as a number; NaN if it is not one."""
    try:
        return float(surface.axes.get(axis, {}).get(fact, math.nan))
    except (TypeError, ValueError):
        return math.nan


def kind_of(surface: Surface, axis: str) -> str:
    """``random``, ``pca``, ``between``, ``curve``, ``hessian``, ``ascent``, ``input``,
    ``eigenvalue``, or the name in the file."""
    kind = text_of(surface, axis, "kind")
    for begins in ("random", "hessian", "input "):
        if kind.startswith(begins):
            return begins.strip()
    return "ascent" if kind.endswith("gradient ascent") else kind


def axis_label(surface: Surface, axis: str) -> str:
    """``multiples of the first random direction, filter-normalized``; ``from a.pt to b.pt``."""
    kind = kind_of(surface, axis)
    if kind in _LABELS:
        return _LABELS[kind](surface, axis)
    parts = (f"multiples of {_article(surface, axis)}", normalization(surface, axis))
    return ", ".join(filter(None, parts))


def axis_name(surface: Surface, axis: str) -> str:
    """``first random direction``: the short label."""
    kind = kind_of(surface, axis)
    if kind in _NAMES:
        return _NAMES[kind](surface, axis)
    return _article(surface, axis).removeprefix("the ")


def normalization(surface: Surface, axis: str) -> str:
    """``filter-normalized``, ``as long as a random direction``, or nothing."""
    how = text_of(surface, axis, "normalization")
    if how.startswith(_LENGTH_OF):
        return f"as long as a {how.removeprefix(_LENGTH_OF)} direction"
    return "" if how in ("", "none") else f"{how}-normalized"


def directions_words(surface: Surface) -> str:
    """``Two filter-normalized random directions, seed 0; axes in multiples of them``."""
    axes = list(surface.grid.axes)
    if any(kind_of(surface, a) in _NAMES for a in axes):
        words = [axis_label(surface, a) for a in axes]
        heads = axes if len(axes) > 1 else ["Axis"]
        return "; ".join(f"{head}: {w}" for head, w in zip(heads, words, strict=True))
    kinds = {text_of(surface, a, "kind") for a in axes}
    norms = {normalization(surface, a) for a in axes}
    seeds = [str(surface.axes[a]["seed"]) for a in axes if "seed" in surface.axes[a]]
    if len(norms) == 1 and len(kinds) == 1 and next(iter(kinds)).startswith("random"):
        noun = "directions" if len(axes) > 1 else "direction"
        words_of_both = " ".join(filter(None, (next(iter(norms)), "random", noun)))
        sentence = f"{'Two' if len(axes) > 1 else 'One'} {words_of_both}"
    else:
        sentence = "; ".join(f"{a}: {axis_label(surface, a)}" for a in axes)
    if seeds:
        different = list(dict.fromkeys(seeds))
        sentence += f", seed{'s' if len(different) > 1 else ''} " + " and ".join(different)
    if "multiples" in sentence:
        return sentence
    return sentence + (
        "; axes in multiples of them" if len(axes) > 1 else "; axis in multiples of it"
    )


def explained(surface: Surface, *, shares_shown: bool = False) -> str:
    """``Principal components of 21 checkpoints: 83 % and 9 % of the variance.``, or nothing.

    ``shares_shown``: whether the labels of the axes name the shares already.
    """
    axes = [a for a in surface.grid.axes if kind_of(surface, a) == "pca"]
    shares = [number_of(surface, a, "explained_variance") for a in axes]
    if not axes or not all(map(math.isfinite, shares)):
        return ""
    noun = "Principal components" if len(axes) > 1 else "Principal component"
    if shares_shown:
        return f"{noun}{_checkpoints(surface, axes[0])}."
    parts = " and ".join(map(percent, shares))
    return f"{noun}{_checkpoints(surface, axes[0])}: {parts} of the variance."


def percent(part: float) -> str:
    """``83 %`` with a no-break space, to two significant digits.

    >>> percent(0.834), percent(0.00042)
    ('83\\xa0%', '0.042\\xa0%')
    """
    return f"{short(100 * part, 2)}\u00a0%"


def _article(surface: Surface, axis: str) -> str:
    """``the first random direction``."""
    kind = text_of(surface, axis, "kind")
    ordinal = _ORDINAL.get(axis, axis) if len(surface.grid.axes) > 1 else "the"
    ordinal = ordinal if ordinal == "the" else f"the {ordinal}"
    if not kind:
        return f"{ordinal} direction"
    if kind.startswith("random"):
        return f"{ordinal} random direction"
    return f"{ordinal} direction ({base_name(kind)})"


def solution_name(surface: Surface, axis: str, fact: str) -> str:
    """The file of a solution (``start`` or ``end`` of an axis), shortened in the middle if long."""
    name = base_name(text_of(surface, axis, fact))
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 :]}"


def _checkpoints(surface: Surface, axis: str) -> str:
    count = number_of(surface, axis, "checkpoints")
    return f" of {count:,.0f} checkpoints" if math.isfinite(count) and count >= 1 else ""


def _component(surface: Surface, axis: str) -> str:
    number = number_of(surface, axis, "component")
    ordinal = _ordinal(number) if math.isfinite(number) else ""
    share = number_of(surface, axis, "explained_variance")
    spread = f" ({percent(share)})" if math.isfinite(share) else ""
    return f"{ordinal} principal component{spread}".strip()


def _component_label(surface: Surface, axis: str) -> str:
    share = number_of(surface, axis, "explained_variance")
    spread = f", {percent(share)} of the variance" if math.isfinite(share) else ""
    name = _component(surface, axis).partition(" (")[0]
    return f"{name}{_checkpoints(surface, axis)}{spread}"


def _ends(surface: Surface, axis: str) -> str:
    return " to ".join(solution_name(surface, axis, end) or "?" for end in ("start", "end"))


def _curve(surface: Surface, axis: str) -> str:
    return "towards the bend" if axis == "y" else _ends(surface, axis)


def _curve_label(surface: Surface, axis: str) -> str:
    if axis == "y":
        return "towards the bend of the curve of low loss between them"
    return _ends_label(surface, axis)


def _ends_label(surface: Surface, axis: str) -> str:
    start, end = (solution_name(surface, axis, end) for end in ("start", "end"))
    return f"from {start or 'one solution'} (0) to {end or 'another'} (1)"


def _eigenvector(surface: Surface, axis: str) -> str:
    value = number_of(surface, axis, "eigenvalue")
    known = f", λ\u00a0=\u00a0{short(value)}" if math.isfinite(value) else ""
    return f"Hessian eigenvector{known}"


def _eigenvector_label(surface: Surface, axis: str) -> str:
    which = text_of(surface, axis, "which")
    place = f"{_ordinal(int(which))} largest" if which.isdigit() else which
    words = f"eigenvector of the {_EXTREME.get(which, place)} Hessian eigenvalue".replace("  ", " ")
    value = _eigenvector(surface, axis).partition(", ")[2]
    return ", ".join(filter(None, (words, value, normalization(surface, axis))))


def _eigenvalue(surface: Surface, axis: str) -> str:
    return f"{text_of(surface, axis, 'matrix') or 'Hessian'} eigenvalue"


def _ascent_label(surface: Surface, axis: str) -> str:
    parts = (f"direction of {text_of(surface, axis, 'kind')}", normalization(surface, axis))
    return ", ".join(filter(None, parts))


def _input(surface: Surface, axis: str) -> str:
    which = text_of(surface, axis, "kind").removeprefix("input ")
    return f"input offset ε ({which})"


def _input_label(surface: Surface, axis: str) -> str:
    of_gradient = text_of(surface, axis, "kind").endswith("gradient")
    signs = "the signs of its gradient" if of_gradient else "random signs"
    return f"offset ε of every input along {signs}"


def _ordinal(number: float) -> str:
    return _ORDINALS.get(int(number), f"{number:.0f}th")


_NAMES: dict[str, Callable[[Surface, str], str]] = {
    "pca": _component,
    "between": _ends,
    "curve": _curve,
    "hessian": _eigenvector,
    "ascent": lambda surface, axis: text_of(surface, axis, "kind"),
    "input": _input,
    "eigenvalue": _eigenvalue,
}
_LABELS = {
    "pca": _component_label,
    "between": _ends_label,
    "curve": _curve_label,
    "hessian": _eigenvector_label,
    "ascent": _ascent_label,
    "input": _input_label,
    "eigenvalue": _NAMES["eigenvalue"],
}
