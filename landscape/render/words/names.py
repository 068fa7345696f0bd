"""Names of surfaces drawn together, which tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

from landscape.render.words.captions import name_of
from landscape.surface import Surface

_FACTS = (
    *("width", "growth", "channels", "zero_channels", "data", "split", "preprocess", "loss"),
    *("bn_statistics", "precision", "dtype"),
)
_OF_AXES = ("kind", "normalization", "ignore", "seed")


def names_of(surfaces: Sequence[Surface]) -> list[str]:
    """The name of each surface; of those with the same one, also what differs between them.

    That is the checkpoint of other weights, else a setting, else the name of the file. Surfaces
    without any difference keep the same name.
    """
    names = [name_of(surface) for surface in surfaces]
    found = list(names)
    for name in {name for name in names if names.count(name) > 1}:
        alike = [k for k, other in enumerate(names) if other == name]
        for k, more in zip(alike, _apart([surfaces[k] for k in alike]), strict=True):
            found[k] = f"{name} ({more})" if more else name
    return found


def _apart(surfaces: Sequence[Surface]) -> list[str]:
    """What tells surfaces apart, at most one short fact each; empty where nothing does."""
    columns = []
    if _differ([_fact(s, "weights_sha256") for s in surfaces]):
        columns.append(_short([_fact(s, "checkpoint") for s in surfaces]))
    for key in _FACTS:
        columns.append([_worded(key, _fact(s, key)) for s in surfaces])
    for key in _OF_AXES:
        values = ["/".join(str(a.get(key, "")) for a in s.axes.values()) for s in surfaces]
        columns.append([_worded(key, value) for value in values])
    columns.append(_short([s.file for s in surfaces]))
    best = max(columns, key=lambda column: len(set(column)))
    return best if _differ(best) else [""] * len(surfaces)


def _differ(values: Sequence[str]) -> bool:
    return len(set(values)) > 1


def _fact(surface: Surface, key: str) -> str:
    return str(surface.attributes.get(key, ""))


def _worded(key: str, value: str) -> str:
    if not value:
        return ""
    value = value.partition(":")[0] if key == "data" else value
    bare = key in ("data", "split", "loss", "precision", "dtype", "kind")
    if key == "bn_statistics":
        return f"{value} batch-norm statistics"
    return value if bare else f"{key.replace('_', ' ')} {value}"


def _short(paths: Sequence[str]) -> list[str]:
    """Names of files: without their folders where that suffices, else the folders' names."""
    parts = [_parts(path) for path in paths]
    stems = [p[-1].rpartition(".")[0] or p[-1] for p in parts]
    folders = [p[-2] if len(p) > 1 else "" for p in parts]
    both = ["/".join(filter(None, pair)) for pair in zip(folders, stems, strict=True)]
    return max((stems, folders, both), key=lambda names: len(set(names)))


def _parts(path: str) -> tuple[str, ...]:
    windows = "\\" in path
    return (PureWindowsPath(path) if windows else PurePosixPath(path)).parts or ("",)
