"""Whether the planes of surfaces can be compared, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from landscape.measures.sampled import has_errors
from landscape.quantity import quantity_name
from landscape.surface import Attribute, Surface


@dataclass(frozen=True)
class Difference:
    """Something in which surfaces differ, beside the networks.

    Attributes
    ----------
    what
        A sentence that names it and says what each surface has.
    reason
        The same in two or three words.
    breaks
        What can no longer be taken to be equal: some of :data:`ASPECTS`.
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
    """What both axes say, once if it is the same."""

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
    (_attribute("loss"), "loss", "other loss", frozenset({"loss"})),
    (_source, "data", "other data", frozenset({"data"})),
    (_attribute("classes"), "number of classes", "other classes", frozenset({"data"})),
    (_split, "split", "other split", frozenset({"data"})),
    (_attribute("preprocess"), "preprocessing", "other preprocessing", frozenset({"data"})),
    (
        _attribute("bn_statistics"),
        "statistics of batch normalization",
        "other BN statistics",
        frozenset({"statistics"}),
    ),
    (
        _axis_fact("kind"),
        "kind of direction",
        "other kind of direction",
        frozenset({"directions"}),
    ),
    (
        _axis_fact("normalization"),
        "normalization of the directions",
        "other normalization",
        frozenset({"directions"}),
    ),
    (
        _axis_fact("ignore"),
        "parameters that the directions leave out",
        "other parameters ignored",
        frozenset({"directions"}),
    ),
    (_axis_fact("which"), "eigenvectors", "other eigenvectors", frozenset({"directions"})),
]

# Facts that not every kind of direction has: that none says them is no gap.
_OPTIONAL = {
    "eigenvectors",
    "number of classes",
    "parameters that the directions leave out",
}


def differences(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[Difference]:
    """In what surfaces differ that bears on a comparison; nothing that a file does not say."""
    found = []
    for read, what, reason, breaks in _FACTS:
        said = [read(s, q) for s, q in zip(surfaces, quantities, strict=True)]
        if len({value for value in said if value is not None}) > 1:
            words = _by_surface([str(v) if v is not None else "not said" for v in said], names)
            found.append(Difference(f"different {what}: {words}", reason, breaks))
    found += _examples(surfaces, quantities, names, found)
    found += _grids(surfaces, names)
    for surface, name in zip(surfaces, names, strict=True):
        if not surface.complete:
            done = f"{int(surface.done.sum())} of {surface.grid.size} points are computed"
            found.append(
                Difference(f"{name} is incomplete: {done}", "incomplete", frozenset({"points"}))
            )
    return found


def unsaid(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[str]:
    """A sentence for every surface that does not say what would have to be compared."""
    lines = []
    for surface, quantity, name in zip(surfaces, quantities, names, strict=True):
        gaps = [
            what
            for read, what, _, _ in _FACTS
            if what not in _OPTIONAL and read(surface, quantity) is None
        ]
        if gaps:
            lines.append(f"{name} does not say: {', '.join(gaps)}; taken to be the same")
    return lines


Named = tuple[Surface, str, str]
"""A surface, its quantity and what it is called."""

OTHER_NETWORK = Difference(
    "different networks", "other networks, and the scale of weights is free", frozenset({"network"})
)

_SUBJECTS = {"data", "statistics"}
"""What may be the question itself, where the network is the same."""


def obstacles(first: Named, other: Named) -> tuple[list[Difference], list[str]]:
    """What stands in the way of comparing two surfaces, and a note where they are of one network.

    The data and the statistics of batch normalization do not, where the network is the same: to
    see what they do is then what the comparison is for.
    """
    surfaces, names = (first[0], other[0]), (first[2], other[2])
    found = differences(surfaces, (first[1], other[1]), names)
    said = {surface.attributes.get("weights_sha256") for surface in surfaces}
    if len(said) > 1 or None in said:
        return [*found, OTHER_NETWORK], []
    about = [d.reason for d in found if d.breaks & _SUBJECTS]
    due = f": what differs below is due to {listed(about)}" if about else ""
    note = f"{names[0]} and {names[1]} are of the same network{due}"
    return [d for d in found if not d.breaks & _SUBJECTS], [note]


def remarks(
    surfaces: Sequence[Surface], quantities: Sequence[str], names: Sequence[str]
) -> list[str]:
    """What does not stand in the way of a comparison but should be known."""
    lines = []
    random = [
        (surface, name)
        for surface, name in zip(surfaces, names, strict=True)
        if str(_axis_fact("kind")(surface, "")).startswith("random")
    ]
    seeds = [str(_axis_fact("seed")(surface, "")) for surface, _ in random]
    if len(set(seeds)) > 1:
        words = _by_surface([f"seed {seed}" for seed in seeds], [name for _, name in random])
        lines.append(f"other draws of the directions: {words}")
    single = [name for surface, name in random if surface.attributes.get("repeats", 1) == 1]
    if single:
        lines.append(
            f"a single draw of the directions ({', '.join(single)}): the ranges cover the "
            "sampling of examples, not what another draw would give"
        )
    precisions = {
        name: str(surface.attributes["precision"])
        for surface, name in zip(surfaces, names, strict=True)
        if "precision" in surface.attributes
    }
    if len(set(precisions.values())) > 1:
        words = _by_surface(list(precisions.values()), list(precisions))
        lines.append(f"different precision: {words}; its error is not in the ranges")
    without = [
        name
        for surface, quantity, name in zip(surfaces, quantities, names, strict=True)
        if not has_errors(surface, quantity)
    ]
    if without:
        lines.append(f"no standard errors in {listed(without)}: taken to be exact")
    return lines


def _examples(
    surfaces: Sequence[Surface],
    quantities: Sequence[str],
    names: Sequence[str],
    found: Sequence[Difference],
) -> list[Difference]:
    """Other examples of the same data are a sample like the first, where both are one."""
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
        what = f"other draws of examples of the same data: {words}"
        return [Difference(f"{what}; the ranges allow for it", "other examples", frozenset())]
    return [Difference(f"different examples: {words}", "other examples", frozenset({"data"}))]


def _grids(surfaces: Sequence[Surface], names: Sequence[str]) -> list[Difference]:
    grids = [surface.grid for surface in surfaces]
    first = grids[0]
    if all(first.same_as(grid) for grid in grids):
        return []
    words = _by_surface([str(grid) for grid in grids], names)
    if len({grid.y is None for grid in grids}) > 1:
        everything = frozenset({"directions", "range", "spacing"})
        return [Difference(f"a line is beside a plane: {words}", "line and plane", everything)]
    ends = {tuple((axis[0], axis[-1]) for axis in grid.axes.values()) for grid in grids}
    if len(ends) > 1:
        broken = frozenset({"range", "spacing"})
        return [Difference(f"different range: {words}", "other range", broken)]
    what = f"different points of the grid: {words}"
    return [Difference(what, "other grid", frozenset({"spacing"}))]


def _by_surface(words: Sequence[str], names: Sequence[str]) -> str:
    """``filter (a, b), layer (c)``."""
    groups: dict[str, list[str]] = {}
    for word, name in zip(words, names, strict=True):
        groups.setdefault(word, []).append(name)
    return ", ".join(f"{word} ({', '.join(group)})" for word, group in groups.items())


def listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
