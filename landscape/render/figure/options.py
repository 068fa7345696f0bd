"""The options shared by pictures: their types, defaults and help."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, TypeVar, cast

from landscape.errors import InputError, unknown_option
from landscape.surface import Surface

Drawing = TypeVar("Drawing", bound=Callable[..., Any])


class Scaled(TypedDict, total=False):
    """Options of everything with a scale; :data:`HELP` says what they mean."""

    scale: str | None
    clip: str | float
    norm_range: tuple[float, float] | None


class Quantified(Scaled, total=False):
    """Options of everything that shows a quantity."""

    quantity: str | None


class Marked(Scaled, total=False):
    """Options of pictures with ticks and a title."""

    levels: int | Sequence[float] | None
    title: str | None


class Shared(Marked, total=False):
    """Options of every figure."""

    width: str | float | None
    caption: str | None
    context: str | None


class Look(Shared, Quantified, total=False):
    """Options of figures of a quantity."""


class Coloured(Marked, Quantified, total=False):
    """Options of pictures in which colours are values, including pages and movies."""

    cmap: str | None


class PlaneLook(Look, Coloured, total=False):
    """Options of figures in which colours are values."""


class MapLook(PlaneLook, total=False):
    """Options of maps of a plane."""

    interpolate: str | None
    samples: bool | None
    scale_bar: bool | None


class SpaceLook(Coloured, total=False):
    """Options of pages and movies, which show 3-D surfaces."""

    elevation: float | None
    azimuth: float | None


HELP = {
    "quantity": ["A name in the surface; None is its first loss."],
    "scale": [
        "``log``, ``linear`` or, in figures, ``symlog`` (a signed logarithm); None is log for a",
        "loss, a gradient norm and a spectral density without negative values, and linear for",
        "everything else.",
    ],
    "clip": [
        "Values above it are clipped to it, and counted below the picture: a number in the unit",
        "of the picture, ``none``, or ``auto``, see :func:`landscape.render.heights.prepare`.",
    ],
    "levels": [
        "About how many lines and ticks, or their values in the unit of the picture (percent for",
        "an accuracy); None is about 8.",
    ],
    "title": ["Replaces the network's name above a single panel; above all panels if several."],
    "norm_range": ["(low, high) of the scale, to draw separate pictures on the same scale."],
    "width": [
        "``column`` (3.25 inches), ``page`` (6.75 inches) or a number of inches: the width of the",
        "figure, whose text is set at its final size; None is a column for one panel, a page for",
        "more.",
    ],
    "caption": [
        "``short`` (also None): one line on data, examples and what is cut off; the rest is in the",
        "metadata of the file and in ``figure.description``. ``full``: everything below the",
        "picture; ``none``: nothing; any other text: that text.",
    ],
    "context": [
        "``paper`` (also None), ``talk`` (twice as large) or ``poster`` (four times): the size of",
        "text, lines and marks, and of the widths ``column`` and ``page``.",
    ],
    "interpolate": [
        "``cubic`` (also None) passes smoothly through the samples, as the 3-D surface does;",
        "``none`` joins them by straight lines.",
    ],
    "samples": ["Whether the sampled points are marked."],
    "scale_bar": ["Whether a bar shows a distance in weight space along each axis."],
    "elevation": [
        "Of the camera, in degrees; None chooses the lowest view that shows the best point."
    ],
    "azimuth": ["As ``elevation``."],
    "cmap": ["A matplotlib colour map; None is viridis, or RdBu_r for values of both signs."],
}
_DEFAULTS = {"clip": "auto"}
_ALL = inspect.Parameter.VAR_KEYWORD


def takes(options: type) -> Callable[[Drawing], Drawing]:
    """Decorate a function of ``**look: Unpack[options]``: its help and signature list each option.

    An unknown option is an InputError, and a TypeError as with any function.
    """
    types = {name: hint.__forward_arg__ for name, hint in options.__annotations__.items()}

    def explain(function: Drawing) -> Drawing:
        written = inspect.signature(function)
        own = [p for p in written.parameters.values() if p.kind is not _ALL]
        shared = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=_DEFAULTS.get(name),
                annotation=annotation,
            )
            for name, annotation in types.items()
        ]
        signature = written.replace(parameters=[*own, *shared])

        @functools.wraps(function)
        def checked(*args: Any, **given: Any) -> Any:
            for name in given:
                if name not in signature.parameters:
                    raise unknown_option(function.__name__, name, list(signature.parameters)[1:])
            if args and own[0].name == "surface":
                _check_one(function.__name__, args[0])
            signature.bind(*args, **given)
            if given.get("cmap") is not None:
                from landscape.render.figure.style import colour_map

                colour_map(given["cmap"])  # a line, which has no colours, does not ask for it
            return function(*args, **given)

        explained: Any = checked
        explained.__signature__ = signature
        explained.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{_section(types)}"
        return cast("Drawing", explained)

    return explain


def _check_one(function: str, surface: object) -> None:
    if isinstance(surface, Surface):
        return
    several = isinstance(surface, list | tuple) and all(isinstance(s, Surface) for s in surface)
    if several:
        instead = "for several surfaces there is side_by_side(surfaces, style)"
    else:
        instead = "landscape.open_surface(path) opens a file"
    raise InputError(f"{function}() draws one Surface, got a {type(surface).__name__}; {instead}")


def _section(names: Any) -> str:
    lines = ["Other Parameters", "----------------"]
    for name in names:
        lines.append(name)
        lines += [f"    {line}" for line in HELP[name]]
    return "\n".join(lines)


def picked(look: Mapping[str, Any], options: type) -> dict[str, Any]:
    """The given options that belong to a set of options."""
    return {name: value for name, value in look.items() if name in options.__annotations__}


def check_dpi(dpi: float | None) -> None:
    """Raise an InputError unless dots per inch are between 1 and 2400, or None."""
    if dpi is not None and not 1 <= dpi <= 2400:
        raise InputError(f"dpi {dpi:g}: expected between 1 and 2400")


def of_heights(look: Scaled) -> dict[str, Any]:
    """The options that :func:`landscape.render.heights.prepare` takes."""
    return picked(look, Scaled)
