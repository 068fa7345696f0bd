"""Check that a surface file was written by the run that resumes it."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

from landscape.errors import InputError
from landscape.models.option_a import with_place
from landscape.run.record import REQUEST, continued
from landscape.surface import HEAVY_TAIL, NEGATIVE_VARIANCES, Surface

# Attributes of time and place, and those derived from values: these may differ when a run is
# resumed. All others must agree.
_MAY_DIFFER = {
    "checkpoint",
    "data",
    "title",
    "sessions",
    "seconds",
    "images_per_second",
    "versions",
    "date",
    "file",
    "barrier",
    "barrier_at",
    "precision_error",
    "loss_at_start",
    "loss_at_end",
    "residual",
    "left_out",
    "moved",  # the names decide
    "resolution",
    HEAVY_TAIL,
    NEGATIVE_VARIANCES,
    REQUEST,
}

# Attributes that files of earlier versions lack.
_ADDED = {"seen_sha256", "not_hashed"}

# What follows from the weights: of other weights these are not listed too.
_OF_WEIGHTS = {
    *("weights_sha256", "checkpoint_sha256", "norm", "axes_cosine", "eigenvalue", "range_level"),
    *("explained_variance", NEGATIVE_VARIANCES),
}

# Numbers computed to a tolerance, which depend on the number of threads and the kind of CPU.
_FOUND_TO = {
    "eigenvalue": (1e-3, 0.0),
    "axes_cosine": (1e-9, 1e-6),
    "norm": (1e-6, 0.0),
    "range_level": (1e-3, 0.0),
}
_EXACTLY = (1e-9, 1e-12)


def resumed(found: Surface, wanted: Surface, path: Path) -> Surface:
    """The surface in the file, if it was written by the same run.

    Raises an InputError naming every difference, with the values of the file and of this run.
    """
    differences = differences_of(found, wanted)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences)
        raise InputError(
            f"{path} was written by a different run; not modified. Differences:\n{listed}\n"
            "give another output file, or the settings of this file to resume it"
        )
    new = {k: v for k, v in wanted.attributes.items() if k in _MAY_DIFFER}
    if REQUEST in found.attributes and REQUEST in new:
        new[REQUEST] = continued(found.attributes[REQUEST], str(new[REQUEST]))
    found.attributes.update(new)
    found.quantities = {name: wanted.quantities[name] for name in found.quantities}
    return found


def differences_of(
    found: Surface,
    wanted: Surface,
    may_differ: Collection[str] = (),
    names: tuple[str, str] = ("the file", "this run"),
) -> list[str]:
    """Differences that show that two surfaces are of different runs, one line each.

    ``may_differ``: further attributes that may differ.
    """
    one, other = names
    lines = []
    if not found.grid.same_as(wanted.grid):
        lines.append(f"grid: {one} has {found.grid}, {other} has {wanted.grid}")
    if set(found.quantities) != set(wanted.quantities):
        has, wants = ", ".join(found.quantities), ", ".join(wanted.quantities)
        lines.append(f"quantities: {one} has {has}; {other} has {wants}")
    may_differ = {*_MAY_DIFFER, *may_differ}
    weights = (s.attributes.get("weights_sha256") for s in (found, wanted))
    if len(set(weights)) > 1:
        lines.append(
            f"other weights: {_weights_words(found, one)}, {_weights_words(wanted, other)}"
        )
        may_differ |= _OF_WEIGHTS
    pairs = [("", with_place(found.attributes), with_place(wanted.attributes))]
    pairs += [(f"{n} axis ", found.axes.get(n, {}), wanted.axes[n]) for n in wanted.axes]
    for where, has_all, wants_all in pairs:
        for key in sorted({*has_all, *wants_all} - may_differ):
            has_one, wants_one = has_all.get(key), wants_all.get(key)
            if key in _ADDED and has_one is None:
                continue
            if not _agree(has_one, wants_one, *_FOUND_TO.get(key, _EXACTLY)):
                lines.append(f"{where}{key}: {one} has {has_one}, {other} has {wants_one}")
    return lines


def _weights_words(surface: Surface, name: str) -> str:
    """``the file has those of a/final.pt``."""
    checkpoint = surface.attributes.get("checkpoint")
    if checkpoint is not None:
        return f"{name} has those of {checkpoint}"
    return f"{name} those of SHA-256 {str(surface.attributes.get('weights_sha256'))[:8]}…"


def _agree(a: object, b: object, relative: float, absolute: float) -> bool:
    """Whether values are equal; for floats up to a tolerance."""
    if isinstance(a, float) and isinstance(b, float):
        near = math.isclose(a, b, rel_tol=relative, abs_tol=absolute)
        return near or (math.isnan(a) and math.isnan(b))
    return a == b
