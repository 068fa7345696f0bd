"""Whether the planes of surfaces can be compared, and what prevents it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from landscape.quantity import quantity_name, stderr_of
from landscape.surface import Attribute, Surface


@dataclass(frozen=True)
class Difference:
    """Something in which surfaces differ, apart from the networks.

    ``what``: a sentence that names it and gives the value of each surface. ``reason``: the same in
    two or three words. ``breaks``: what can no longer be assumed equal: some of :data:`ASPECTS`.
    """

    what: str
    reason: str
    breaks: frozenset[str]


ASPECTS = {
    "loss": "what the values mean",
    "data": "what they were measured on",
    "statistics": "what batch normalization used",
    "network": "trained weights, so what a distance in weight space means",
    "directions": "what a step along the axes means",
    "range": "which part of the plane was sampled",
    "spacing": "how finely",
    "points": "whether all of it was",
}

Named = tuple[Surface, str, str]
"""A surface, its quantity and its name."""

Read = Callable[[Surface, str], Attribute | None]


def _attribute(key: str) -> Callable[[Surface, str], Attribute | None]:
    return lambda surface, quantity: surface.attributes.get(key)


def _axis_fact(key: str) -> Callable[[Surface, str], Attribute | None]:
    """The fact of both axes, once if it is the same."""

    def read(surface: Surface, quantity: str) -> Attribute | None:
        said = [facts.get(key) for facts in surface.axes.values()]
        known = list(dict.fromkeys(str(value) for value in said if value is not None))
        return " and ".join(known) or None

    return read


def _split(surface: Surface, quantity: str) -> Attribute | None:
    return surface.quantity(quantity).split or surface.attributes.get("split")


def _source(surface: Surface, quantity: str) -> Attribute | None:
    """The data without the path to them, which may differ from one machine to another."""
    source = surface.attributes.get("data")
    return None if source is None else str(source).partition(":")[0]


_FACTS: list[tuple[Read, str, str, str]] = [
    (_attribute("loss"), "loss", "loss", "loss"),
    (_source, "data", "data", "data"),
    (_attribute("classes"), "number of classes", "number of classes", "data"),
    (_split, "split", "split", "data"),
    (_attribute("preprocess"), "preprocessing", "preprocessing", "data"),
    (_attribute("bn_statistics"), "batch-norm statistics", "BN statistics", "statistics"),
    (_axis_fact("kind"), "kind of direction", "kind of direction", "directions"),
    (_axis_fact("normalization"), "direction normalization", "normalization", "directions"),
    (
        _axis_fact("ignore"),
        "parameters excluded from the directions",
        "excluded parameters",
        "directions",
    ),
    (_axis_fact("which"), "eigenvectors", "eigenvectors", "directions"),
]
"""How a fact is read, its name, a shorter one, and what a difference breaks."""

# Facts that not every kind of direction has: their absence is not a gap.
_OPTIONAL = {
    "eigenvectors",
    "number of classes",
    "parameters excluded from the directions",
}


def differences(surfaces: Sequence[Named]) -> list[Difference]:
    """The differences that affect a comparison; facts that a file does not record are skipped."""
    names, found = [name for _, _, name in surfaces], []
    for read, what, short, breaks in _FACTS:
        said = [read(surface, quantity) for surface, quantity, _ in surfaces]
        if len({value for value in said if value is not None}) > 1:
            words = _by_surface([str(v) if v is not None else "not recorded" for v in said], names)
            what = f"different {what}: {words}"
            found.append(Difference(what, f"different {short}", frozenset({breaks})))
    found += _examples(surfaces, found)
    found += _grids(surfaces)
    for surface, _, name in surfaces:
        if not surface.complete:
            what = f"{name} is incomplete: {int(surface.done.sum())} of {surface.grid.size}"
            found.append(Difference(f"{what} points computed", "incomplete", frozenset({"points"})))
    return found


def unsaid(surfaces: Sequence[Named]) -> list[str]:
    """A sentence for every surface that does not record what would have to be compared."""
    lines = []
    for surface, quantity, name in surfaces:
        needed = [(read, what) for read, what, *_ in _FACTS if what not in _OPTIONAL]
        gaps = [what for read, what in needed if read(surface, quantity) is None]
        if gaps:
            lines.append(f"{name} does not record: {', '.join(gaps)}; assumed to be the same")
    return lines


OTHER_NETWORK = Difference(
    "different networks", "different networks, so weight scales differ", frozenset({"network"})
)

_SUBJECTS = {"data", "statistics"}
"""Aspects that may be the subject of the comparison where the network is the same."""


def obstacles(first: Named, other: Named) -> tuple[list[Difference], list[str]]:
    """What prevents comparing two surfaces, and a note where they show the same network.

    Where the network is the same, the data and the batch-norm statistics do not: their effect is
    then the subject of the comparison.
    """
    found = differences([first, other])
    said = {surface.attributes.get("weights_sha256") for surface, *_ in (first, other)}
    if len(said) > 1 or None in said:
        return [*found, OTHER_NETWORK], []
    about = [d.reason for d in found if d.breaks & _SUBJECTS]
    due = f": the differences below are due to {listed(about)}" if about else ""
    note = f"{first[2]} and {other[2]} show the same network{due}"
    return [d for d in found if not d.breaks & _SUBJECTS], [note]


def remarks(surfaces: Sequence[Named]) -> list[str]:
    """What does not prevent a comparison but should be known."""
    lines = []
    kind, seed = _axis_fact("kind"), _axis_fact("seed")
    random = [(s, name) for s, q, name in surfaces if str(kind(s, q)).startswith("random")]
    seeds = [f"seed {seed(surface, '')}" for surface, _ in random]
    if len(set(seeds)) > 1:
        words = _by_surface(seeds, [name for _, name in random])
        lines.append(f"different draws of the directions: {words}")
    single = [name for s, name in random if s.attributes.get("repeats", 1) == 1]
    if single:
        lines.append(
            f"a single draw of the directions ({', '.join(single)}): the ranges cover the "
            "sampling of examples, not the variation between draws"
        )
    facts = {name: surface.attributes.get("precision") for surface, _, name in surfaces}
    precisions = {name: str(value) for name, value in facts.items() if value is not None}
    if len(set(precisions.values())) > 1:
        words = _by_surface(list(precisions.values()), list(precisions))
        lines.append(f"different precision: {words}; the ranges do not include rounding errors")
    without = [name for s, q, name in surfaces if stderr_of(s.quantities, q) is None]
    if without:
        lines.append(f"no standard errors in {listed(without)}: treated as exact")
    return lines


def _examples(surfaces: Sequence[Named], found: Sequence[Difference]) -> list[Difference]:
    """Different samples of the same data are comparable; different data sets are not."""
    if any("data" in difference.breaks for difference in found):
        return []
    keys = ("data_sha256", "examples", "population")
    facts = [
        [s.attributes.get(quantity_name(s.quantity(q).split, key)) for key in keys]
        for s, q, _ in surfaces
    ]
    hashes = {fact[0] for fact in facts if fact[0] is not None}
    if len(hashes) < 2:
        return []
    names = [name for *_, name in surfaces]
    words = _by_surface([f"{fact[1]} of {fact[2]}" for fact in facts], names)
    drawn = all(isinstance(n, int) and isinstance(p, int) and n < p for _, n, p in facts)
    if drawn and len({fact[2] for fact in facts}) == 1:
        what = f"different samples of the same data: {words}"
        return [Difference(f"{what}; the ranges allow for it", "different examples", frozenset())]
    return [Difference(f"different examples: {words}", "different examples", frozenset({"data"}))]


def _grids(surfaces: Sequence[Named]) -> list[Difference]:
    grids = [surface.grid for surface, *_ in surfaces]
    if all(grids[0].same_as(grid) for grid in grids):
        return []
    words = _by_surface([str(grid) for grid in grids], [name for *_, name in surfaces])
    if len({grid.y is None for grid in grids}) > 1:
        everything = frozenset({"directions", "range", "spacing"})
        return [Difference(f"a line and a plane: {words}", "line and plane", everything)]
    ends = {tuple((axis[0], axis[-1]) for axis in grid.axes.values()) for grid in grids}
    if len(ends) > 1:
        broken = frozenset({"range", "spacing"})
        return [Difference(f"different range: {words}", "different range", broken)]
    what = f"different grid points: {words}"
    return [Difference(what, "different grid", frozenset({"spacing"}))]


def _by_surface(words: Sequence[str], names: Sequence[str]) -> str:
    """``filter (a, b), layer (c)``."""
    groups: dict[str, list[str]] = {}
    for word, name in zip(words, names, strict=True):
        groups.setdefault(word, []).append(name)
    return ", ".join(f"{word} ({', '.join(group)})" for word, group in groups.items())


def listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
