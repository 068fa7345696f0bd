"""Whether the planes of surfaces can be compared, and what prevents it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from landscape.measures.sampled import has_errors
from landscape.quantity import quantity_name
from landscape.surface import Attribute, Surface


@dataclass(frozen=True)
class Difference:
    """Something in which surfaces differ, apart from the networks.

    Attributes
    ----------
    what
        A sentence that names it and gives the value of each surface.
    reason
        The same in two or three words.
    breaks
        What can no longer be assumed equal: some of :data:`ASPECTS`.
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

Fact = tuple[Callable[[Surface, str], Attribute | None], str, str, frozenset[str]]


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


_FACTS: list[Fact] = [
    (_attribute("loss"), "loss", "different loss", frozenset({"loss"})),
    (_source, "data", "different data", frozenset({"data"})),
    (
        _attribute("classes"),
        "number of classes",
        "different number of classes",
        frozenset({"data"}),
    ),
    (_split, "split", "different split", frozenset({"data"})),
    (_attribute("preprocess"), "preprocessing", "different preprocessing", frozenset({"data"})),
    (
        _attribute("bn_statistics"),
        "batch-norm statistics",
        "different BN statistics",
        frozenset({"statistics"}),
    ),
    (
        _axis_fact("kind"),
        "kind of direction",
        "different kind of direction",
        frozenset({"directions"}),
    ),
    (
        _axis_fact("normalization"),
        "direction normalization",
        "different normalization",
        frozenset({"directions"}),
    ),
    (
        _axis_fact("ignore"),
        "parameters excluded from the directions",
        "different excluded parameters",
        frozenset({"directions"}),
    ),
    (_axis_fact("which"), "eigenvectors", "different eigenvectors", frozenset({"directions"})),
]

# Facts that not every kind of direction has: their absence is not a gap.
_OPTIONAL = {
    "eigenvectors",
    "number of classes",
    "parameters excluded from the directions",
}


def differences(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[Difference]:
    """The differences that affect a comparison; facts that a file does not record are skipped."""
    found = []
    for read, what, reason, breaks in _FACTS:
        said = [read(s, q) for s, q in zip(surfaces, quantities, strict=True)]
        if len({value for value in said if value is not None}) > 1:
            words = _by_surface([str(v) if v is not None else "not recorded" for v in said], names)
            found.append(Difference(f"different {what}: {words}", reason, breaks))
    found += _examples(surfaces, quantities, names, found)
    found += _grids(surfaces, names)
    for surface, name in zip(surfaces, names, strict=True):
        if not surface.complete:
            done = f"{int(surface.done.sum())} of {surface.grid.size} points computed"
            found.append(
                Difference(f"{name} is incomplete: {done}", "incomplete", frozenset({"points"}))
            )
    return found


def unsaid(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[str]:
    """A sentence for every surface that does not record what would have to be compared."""
    lines = []
    for surface, quantity, name in zip(surfaces, quantities, names, strict=True):
        gaps = [
            what
            for read, what, _, _ in _FACTS
            if what not in _OPTIONAL and read(surface, quantity) is None
        ]
        if gaps:
            lines.append(f"{name} does not record: {', '.join(gaps)}; assumed to be the same")
    return lines


Named = tuple[Surface, str, str]
"""A surface, its quantity and its name."""

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
    surfaces, names = (first[0], other[0]), (first[2], other[2])
    found = differences(surfaces, (first[1], other[1]), names)
    said = {surface.attributes.get("weights_sha256") for surface in surfaces}
    if len(said) > 1 or None in said:
        return [*found, OTHER_NETWORK], []
    about = [d.reason for d in found if d.breaks & _SUBJECTS]
    due = f": the differences below are due to {listed(about)}" if about else ""
    note = f"{names[0]} and {names[1]} show the same network{due}"
    return [d for d in found if not d.breaks & _SUBJECTS], [note]


def remarks(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[str]:
    """What does not prevent a comparison but should be known."""
    lines = []
    random = [
        (surface, name)
        for surface, name in zip(surfaces, names, strict=True)
        if str(_axis_fact("kind")(surface, "")).startswith("random")
    ]
    seeds = [str(_axis_fact("seed")(surface, "")) for surface, _ in random]
    if len(set(seeds)) > 1:
        words = _by_surface([f"seed {seed}" for seed in seeds], [name for _, name in random])
        lines.append(f"different draws of the directions: {words}")
    single = [name for surface, name in random if surface.attributes.get("repeats", 1) == 1]
    if single:
        lines.append(
            f"a single draw of the directions ({', '.join(single)}): the ranges cover the "
            "sampling of examples, not the variation between draws"
        )
    precisions = {
        name: str(surface.attributes["precision"])
        for surface, name in zip(surfaces, names, strict=True)
        if "precision" in surface.attributes
    }
    if len(set(precisions.values())) > 1:
        words = _by_surface(list(precisions.values()), list(precisions))
        lines.append(f"different precision: {words}; the ranges do not include rounding errors")
    without = [
        name
        for surface, quantity, name in zip(surfaces, quantities, names, strict=True)
        if not has_errors(surface, quantity)
    ]
    if without:
        lines.append(f"no standard errors in {listed(without)}: treated as exact")
    return lines


def _examples(
    surfaces: Sequence[Surface],
    quantities: Sequence[str],
    names: Sequence[str],
    found: Sequence[Difference],
) -> list[Difference]:
    """Different samples of the same data are comparable; different data sets are not."""
    if any("data" in difference.breaks for difference in found):
        return []
    facts = [
        [
            s.attributes.get(quantity_name(s.quantity(q).split, key))
            for key in ("data_sha256", "examples", "population")
        ]
        for s, q in zip(surfaces, quantities, strict=True)
    ]
    hashes = {fact[0] for fact in facts if fact[0] is not None}
    if len(hashes) < 2:
        return []
    words = _by_surface([f"{fact[1]} of {fact[2]}" for fact in facts], names)
    drawn = all(isinstance(n, int) and isinstance(p, int) and n < p for _, n, p in facts)
    if drawn and len({fact[2] for fact in facts}) == 1:
        what = f"different samples of the same data: {words}"
        return [Difference(f"{what}; the ranges allow for it", "different examples", frozenset())]
    return [Difference(f"different examples: {words}", "different examples", frozenset({"data"}))]


def _grids(surfaces: Sequence[Surface], names: Sequence[str]) -> list[Difference]:
    grids = [surface.grid for surface in surfaces]
    first = grids[0]
    if all(first.same_as(grid) for grid in grids):
        return []
    words = _by_surface([str(grid) for grid in grids], names)
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
