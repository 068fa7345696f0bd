"""Whether a surface file belongs to the run that is asked for."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

from landscape.errors import InputError
from landscape.run.record import REQUEST, continued
from landscape.surface import Surface

# Facts of the moment or of the place, and what follows from the values: they may differ when a
# run goes on. All else must agree.
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
    "loss_at_start",
    "loss_at_end",
    "residual",
    REQUEST,
}

# Numbers that are found to a tolerance, and depend on how many threads add them up.
_FOUND_TO = {"eigenvalue": (1e-3, 0.0), "axes_cosine": (1e-9, 1e-6), "norm": (1e-6, 0.0)}
_EXACTLY = (1e-9, 1e-12)


def resumed(found: Surface, wanted: Surface, path: Path) -> Surface:
    """The surface in the file, if it is of the run that is wanted.

    Raises
    ------
    InputError
        Naming every difference: what the file has and what was asked for.
    """
    differences = differences_of(found, wanted)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences)
        raise InputError(
            f"{path} belongs to another run, and is left as it is; it differs in\n{listed}\n"
            "give another output file, or the settings of the file to go on with it"
        )
    new = {k: v for k, v in wanted.attributes.items() if k in _MAY_DIFFER}
    if REQUEST in found.attributes and REQUEST in new:
        new[REQUEST] = continued(found.attributes[REQUEST], str(new[REQUEST]))
    found.attributes.update(new)
    found.quantities = {name: wanted.quantities[name] for name in found.quantities}
    return found


def differences_of(found: Surface, wanted: Surface, may_differ: Collection[str] = ()) -> list[str]:
    """What keeps two surfaces from being of the same run, a line each: its name and both values.

    Parameters
    ----------
    found, wanted
        What a file has, and what was asked for.
    may_differ
        More attributes in which they may.
    """
    lines = []
    if not found.grid.same_as(wanted.grid):
        lines.append(f"grid: the file has {found.grid}, asked for {wanted.grid}")
    if set(found.quantities) != set(wanted.quantities):
        has, asked = ", ".join(found.quantities), ", ".join(wanted.quantities)
        lines.append(f"quantities: the file has {has}; asked for {asked}")
    pairs = [("", found.attributes, wanted.attributes)]
    pairs += [(f"{n} axis ", found.axes.get(n, {}), wanted.axes[n]) for n in wanted.axes]
    for where, has_all, asked_all in pairs:
        for key in sorted({*has_all, *asked_all} - _MAY_DIFFER - set(may_differ)):
            has_one, asked_one = has_all.get(key), asked_all.get(key)
            if not _agree(has_one, asked_one, *_FOUND_TO.get(key, _EXACTLY)):
                lines.append(f"{where}{key}: the file has {has_one}, asked for {asked_one}")
    return lines


def _agree(a: object, b: object, relative: float, absolute: float) -> bool:
    """Equal; for measured numbers (norms, cosines) up to the order of a sum."""
    if isinstance(a, float) and isinstance(b, float):
        near = math.isclose(a, b, rel_tol=relative, abs_tol=absolute)
        return near or (math.isnan(a) and math.isnan(b))
    return a == b
