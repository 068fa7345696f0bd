"""``python -m landscape.info``: print the contents of surface files. Never imports torch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np

from landscape import commandline
from landscape.errors import InputError
from landscape.measures import flat_radius, risen_by
from landscape.store import open_surface
from landscape.summary import describe
from landscape.surface import Surface

DESCRIPTION = (
    "Print the contents of surface files: grid, quantities, network, data, directions, sessions."
)
EXAMPLE = "  python -m landscape.info resnet56.h5"

_RISE = 0.1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _command(argv: Sequence[str] | None) -> None:
    for path in _parser().parse_args(argv).files:
        print("\n".join([str(path), *report(open_surface(path)), ""]))


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("info", DESCRIPTION, EXAMPLE)
    parser.add_argument("files", nargs="+", metavar="FILE", help="surface files, or example:NAME")
    return parser


def report(surface: Surface) -> list[str]:
    """Describe the contents of a surface, as lines of text."""
    lines = [f"  grid        {surface.grid} ({describe(surface)})"]
    lines += _flatness(surface)
    for name, quantity in surface.quantities.items():
        lines.append(f"  {name:<24} {_extent(surface, name)} {_unit(quantity.units)}".rstrip())
    for name, path in surface.trajectories.items():
        lines.append(f"  trajectory  {name}, {path.x.size} steps")
    for name, facts in surface.axes.items():
        words = ", ".join(f"{key} {_word(value)}" for key, value in facts.items())
        lines.append(f"  {name} axis      {words or 'not recorded'}")
    for key, value in sorted(surface.attributes.items()):
        if key == "sessions":
            lines += [f"  session     {session}" for session in _sessions(str(value))]
        elif key == "request":
            lines.append(f"  {key:<24} {_request(str(value))}")
        else:
            lines.append(f"  {key:<24} {_word(value)}")
    return lines


def _flatness(surface: Surface) -> list[str]:
    """The flat radius of the loss, if it can be computed."""
    if surface.quantities[surface.main_quantity].units != "nats":
        return []  # a rise of 0.1 is meant for cross-entropy
    try:
        radius = flat_radius(surface, risen_by(_RISE))
    except InputError:
        return []
    return [f"  flat radius {radius} in coordinates, until the loss has risen by {_RISE:g}"]


def _extent(surface: Surface, name: str) -> str:
    values = surface[name][surface.done]
    finite = values[np.isfinite(values)]
    odd = f", {values.size - finite.size} NaN or infinite" if finite.size < values.size else ""
    if not finite.size:
        return f"no finite value{odd}"
    return f"{finite.min():.6g} … {finite.max():.6g}{odd}"


def _unit(units: str) -> str:
    return "" if units == "1" else units


def _word(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _request(text: str) -> str:
    """Describe the stored request; return the text if it is not in our format."""
    try:
        request = json.loads(text)
        return ", ".join(f"{k} {_word(v)}" for k, v in request.items()) or "all defaults"
    except (ValueError, AttributeError):
        return text


def _sessions(text: str) -> list[str]:
    """Describe the stored sessions; return the text if it is not in our format."""
    try:
        sessions: list[dict[str, object]] = json.loads(text)
        return [", ".join(f"{k} {_word(v)}" for k, v in one.items()) for one in sessions]
    except (ValueError, TypeError, AttributeError):
        return [text]


if __name__ == "__main__":
    sys.exit(main())
