"""Titles and captions: the origin of a surface in words.

Every attribute may be missing or have an unexpected type; unknown ones are left out. Only the last
part of a path is shown: the folders where it was computed mean nothing to a reader.
"""

from __future__ import annotations

import re

from landscape.quantity import draw_of, quantity_name
from landscape.render.words.directions import base_name, directions_words
from landscape.render.words.numerals import share, short
from landscape.render.words.quantity_words import DisplayedQuantity, split_words
from landscape.surface import NEGATIVE_VARIANCES, Surface

_SHORTCUTS = {
    "none": "without shortcuts",
    "identity": "with identity shortcuts",
    "projection": "with projection shortcuts",
    "gate": "with gates",
    "concatenate": "with concatenation",
}
_NETWORKS = {
    "resnet": "ResNet",
    "vgg": "VGG",
    "highway": "Highway",
    "densenet": "DenseNet",
    "unet": "U-Net",
}
_DATA = {
    "cifar10": "CIFAR-10",
    "digits": "handwritten digits",
    "scenes": "scenes of handwritten digits",
}
_NAMELESS = ("tensors", "loader", "DataLoader", "TensorDataset")
_STATISTICS = {
    "interpolated": "Batch-norm statistics interpolated between those of the solutions",
    "re-estimated": "Batch-norm statistics re-estimated at every point",
}
_IGNORED = {
    "biasbn": "biases and normalization layers kept fixed",
    "bias": "biases kept fixed",
    "bn": "normalization layers kept fixed",
}


def fact_of(surface: Surface, key: str) -> str:
    """An attribute as text; empty if missing."""
    return str(surface.attributes.get(key, "")).strip()


def _whole(surface: Surface, key: str) -> int:
    value = surface.attributes.get(key, 0)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def network(surface: Surface) -> str:
    """``ResNet-56 without shortcuts``, or empty if the network is unknown."""
    model = base_name(fact_of(surface, "model")).removeprefix("torchvision:")
    named = re.fullmatch(rf"(?:cifar_)?({'|'.join(_NETWORKS)})-?(\d*)", model, re.IGNORECASE)
    if named:
        model = "-".join(filter(None, (_NETWORKS[named[1].lower()], named[2])))
    shortcuts = fact_of(surface, "shortcuts")
    if not shortcuts:
        return model
    return f"{model or 'network'} {_SHORTCUTS.get(shortcuts, f'with shortcuts {shortcuts!r}')}"


def name_of(surface: Surface) -> str:
    """The name of a surface in panels and errors: its title, else its network, else its size."""
    size = " × ".join(str(axis.size) for axis in surface.grid.axes.values())
    return fact_of(surface, "title") or network(surface) or f"a surface of {size} points"


def data(surface: Surface) -> str:
    """``CIFAR-10``, ``subset.npz``, or empty if the data are unknown or have no name."""
    source, _, path = fact_of(surface, "data").partition(":")
    if not source or (source in _NAMELESS and not path):
        return ""
    if source in _DATA:
        return _DATA[source]
    # A bare path has no source before its colon (or is "C" of a drive).
    if re.search(r"[/\\]", source) or len(source) == 1:
        return base_name(fact_of(surface, "data"))
    return f"{source} ({base_name(path)})" if path else source


def examples(surface: Surface, quantity: DisplayedQuantity, *, whole: bool = True) -> str:
    """``1,000 of 4,660 training images``, or empty if the number is unknown.

    With a tolerance, ``about 180 of 4,660 training images per point``; with a limit too, ``about
    95 per point, limited to 100 of 4,660 training images``. Unless ``whole``, without the rest:
    ``about 180 training images per point``.
    """
    return "".join(_examples(surface, quantity, whole))


def _examples(surface: Surface, quantity: DisplayedQuantity, whole: bool) -> tuple[str, str]:
    """The words for the examples, and what follows the name of the data: `` per point``."""
    split = quantity.quantity.split
    count = _whole(surface, quantity_name(split, "examples"))
    if count < 1:
        return "", ""
    population = _whole(surface, quantity_name(split, "population"))
    source = fact_of(surface, "data").partition(":")[0]
    noun = "image" if source in _DATA else "example"
    noun += "s" if max(count, population) > 1 else ""
    split_name = split_words(quantity.quantity)
    if not split:
        recorded = fact_of(surface, "split")
        split_name = {"train": "training", "given": ""}.get(recorded, recorded)
    kind = " ".join(filter(None, (split_name, noun)))
    taken = surface.values.get(quantity_name(split, "count"))
    if taken is None or not surface.done.any() or "tolerance_relative" not in surface.attributes:
        of = f" of {population:,}" if population > count and whole else ""
        return f"{count:,}{of} {kind}", ""
    mean = float(taken[surface.done].mean())
    about = f"about {round(mean, -1):,.0f}" if mean >= 100 else f"about {mean:.0f}"
    if not whole:
        return f"{about} {kind}", " per point"
    if population > count:
        return f"{about} per point, limited to {count:,} of {population:,} {kind}", ""
    return f"{about} of {count:,} {kind}", " per point"


def origin(surface: Surface, quantity: DisplayedQuantity, *, whole: bool = True) -> str:
    """``CIFAR-10, 1,000 of 4,660 training images``: the data and the examples, or empty."""
    return ", ".join(filter(None, (data(surface), examples(surface, quantity, whole=whole))))


def brief(surface: Surface, quantity: DisplayedQuantity) -> str:
    """The short caption of a figure: data, draws, batch-norm statistics, barrier."""
    first = origin(surface, quantity)
    return " ".join(f"{s}." for s in (first, *measured(surface, quantity)) if s)


def full(surface: Surface, quantity: DisplayedQuantity) -> str:
    """The caption of a panel: what is shown, on which data, along which directions."""
    sentences = []
    subject = quantity.label[:1].upper() + quantity.label[1:]
    known = network(surface)
    source, (number, each) = data(surface), _examples(surface, quantity, whole=True)
    first = f"{subject} of {known}" if known else subject
    if number:
        first += f" on {number}" + (f" of {source}" if source else "") + each
    elif source:
        first += f" on {source}"
    sentences.append(first)
    sentences.append(directions_words(surface))
    ignored = {str(a.get("ignore", "")).strip() for a in surface.axes.values()}
    if len(ignored) == 1 and (words := _IGNORED.get(next(iter(ignored)))):
        sentences.append(words[:1].upper() + words[1:])
    sentences += measured(surface, quantity)
    return " ".join(f"{s.rstrip('.')}." for s in sentences if s)


def averaged(surface: Surface, quantity: DisplayedQuantity) -> str:
    """``Mean of 20 random draws``, or empty."""
    draws = _whole(surface, "repeats")
    mean = draws > 1 and draw_of(surface.quantities, quantity.name, 1)
    return f"Mean of {draws} random draws" if mean else ""


def measured(surface: Surface, quantity: DisplayedQuantity) -> list[str]:
    """Anything unusual about how the values were measured, one sentence each, without a full stop.

    The number of draws averaged, batch-norm statistics other than the stored ones, alignment of
    channels, the parameters if not all moved, and the barrier between two solutions.
    """
    said = []
    if quantity.span is not None:  # the long name of a density states the smoothing
        words = surface.quantities[quantity.name].long_name
        said += [] if words == quantity.label else [words[:1].upper() + words[1:]]
    said.append(averaged(surface, quantity))
    said.append(_STATISTICS.get(fact_of(surface, "bn_statistics"), ""))
    undefined = _whole(surface, NEGATIVE_VARIANCES)
    if undefined > 0:
        points = share(undefined, surface.grid.size)
        said.append(f"Undefined at {points}, where a variance would be negative")
    if any("alignment" in facts for facts in surface.axes.values()):
        said.append("Channels permuted to match the first network")
    moved, of_all = _whole(surface, "moved_parameters"), _whole(surface, "parameters")
    if 0 < moved < of_all:
        said.append(
            f"Only the parameters {surface.attributes['moved']} moved: {moved:,} of {of_all:,}"
        )
    barrier = surface.attributes.get("barrier")
    if isinstance(barrier, int | float) and quantity.name == surface.main_quantity:
        said.append(f"Barrier between the solutions: {short(barrier)} {quantity.unit}".rstrip())
    return [sentence for sentence in said if sentence]
