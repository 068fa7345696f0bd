"""Data by name, as on the command line: ``digits``, ``cifar10:PATH``, ``mine.npz``, …"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from landscape.data.any_form import Split, splits_in, trees_from
from landscape.data.cifar import load_cifar
from landscape.data.digits import load_digits
from landscape.data.examples import Examples
from landscape.data.files import (
    examples_in_npy,
    splits_in_folder,
    splits_in_npz,
    splits_in_torch_file,
)
from landscape.data.hub import is_hub_folder, splits_in_hub_folder
from landscape.data.named_arrays import WHOLE
from landscape.data.pets import load_pets
from landscape.data.preprocess import parse_preprocess
from landscape.data.scenes import load_scenes
from landscape.data.stream import Stream
from landscape.data.tensors import NotAPair, examples_from
from landscape.data.torchvision_sets import PETS, load_torchvision
from landscape.data.trees import Batches, Rows
from landscape.errors import InputError, argument, unknown_choice
from landscape.plugin import load_function

SPLITS = {"train": ("train",), "test": ("test",), "both": ("train", "test")}
"""What can be asked for, and the splits that it means."""


@dataclass(frozen=True)
class _Source:
    """The form of a source's name, and its reader: (text after the colon, split) to examples."""

    form: str
    read: Callable[[str, str], Examples]


@dataclass(frozen=True)
class _Own:
    """Data of the user's own: their form, whether a text has it, and the reader of all splits."""

    form: str
    fits: Callable[[str], bool]
    read: Callable[[str], Mapping[str, Split]]


def _read_digits(rest: str, split: str) -> Examples:
    if rest:
        raise InputError(
            f"digits:{rest}: digits come with scikit-learn; expected digits without a path"
        )
    return load_digits(split)


def _read_scenes(rest: str, split: str) -> Examples:
    if rest:
        raise InputError(f"scenes:{rest}: scenes are generated; expected scenes without a path")
    return load_scenes(split)


def _read_cifar(rest: str, split: str, name: str) -> Examples:
    if not rest:
        raise InputError(
            f"{name}: expected {name}:PATH, the folder, .tar.gz or .npz with the images"
        )
    return load_cifar(name, rest, split)


def _read_torchvision(rest: str, split: str) -> Examples:
    name, _, root = rest.partition(":")
    return load_pets(root, split) if name == PETS else load_torchvision(name, root, split)


SOURCES = {
    "digits": _Source("digits", _read_digits),
    "scenes": _Source("scenes", _read_scenes),
    "cifar10": _Source("cifar10:PATH", partial(_read_cifar, name="cifar10")),
    "cifar100": _Source("cifar100:PATH", partial(_read_cifar, name="cifar100")),
    "torchvision": _Source("torchvision:NAME[:ROOT]", _read_torchvision),
}


def _ends_with(*suffixes: str) -> Callable[[str], bool]:
    return lambda text: text.lower().endswith(suffixes)


def _read_npy_pair(text: str) -> Mapping[str, Examples]:
    files = [Path(file) for file in text.split(",")]
    if len(files) != 2:
        raise InputError(f"{argument('data', text)}: expected two files, INPUTS.npy,TARGETS.npy")
    return examples_in_npy(*files)


def _read_folder(text: str) -> Mapping[str, Split]:
    folder = Path(text)
    if is_hub_folder(folder):
        return splits_in_hub_folder(folder)
    if not any(folder.glob("*.npy")):
        raise _without_name(text)
    return splits_in_folder(folder)


def _looks_like_path(text: str) -> bool:
    return "/" in text or os.sep in text or os.path.splitext(text)[1] != "" or os.path.exists(text)


def _without_name(path: str) -> InputError:
    return InputError(
        f"data source {path!r} is a path without a dataset name; expected one of "
        f"{', '.join(FORMS)}; did you mean 'cifar10:{path}'?"
    )


def _read_function(text: str) -> Mapping[str, Split]:
    """What the user's function returns: data, or a dict from splits to data."""
    try:
        splits = splits_in(load_function(text, "data")())
    except InputError as error:
        raise InputError(f"{argument('data', text)}: {error.marked}") from None
    return {str(name): _of_any_form(one, text) for name, one in splits.items()}


def _of_any_form(data: Any, source: str) -> Split:
    """Pairs of inputs and targets, or batches that are mappings for a network with its own loss."""
    if isinstance(data, Split):
        return data
    try:
        return examples_from(data, source=source)
    except NotAPair as error:
        if isinstance(error.item, Mapping):
            return trees_from(data, source)
        raise


OWN = (
    _Own("FILE.npz", _ends_with(".npz"), lambda text: splits_in_npz(Path(text))),
    _Own("INPUTS.npy,TARGETS.npy", _ends_with(".npy"), _read_npy_pair),
    _Own("FILE.pt", _ends_with(".pt", ".pth"), lambda text: splits_in_torch_file(Path(text))),
    _Own("package.module:function", lambda text: ":" in text, _read_function),
    _Own("FOLDER", os.path.isdir, _read_folder),
)
"""Forms of data of the user's own, after the names of ``SOURCES``; the first that fits is used."""

FORMS = (*(source.form for source in SOURCES.values()), *(own.form for own in OWN))
"""The forms of all sources, as shown to the user."""


def is_own(source: str) -> bool:
    """Whether a source is not one of the named data sets.

    >>> is_own("digits"), is_own("mydata.npz"), is_own("mydata:examples")
    (False, True, True)
    """
    return source.partition(":")[0] not in SOURCES


def load_data(
    source: str,
    split: str | None = None,
    *,
    preprocess: str | None = None,
    limit: int | None = None,
    limit_seed: int = 0,
) -> dict[str, Split]:
    """The requested splits of a source, by name; see :func:`load`.

    Parameters
    ----------
    split
        ``train``, ``test`` or ``both``, or another name of a split of the user's own data; None is
        ``train``, or all of data that are not divided into splits, whose name is ``""``.

    Raises
    ------
    InputError
        As :func:`load` does, and if the data have no such split.
    """
    options: dict[str, Any] = {"preprocess": preprocess, "limit": limit, "limit_seed": limit_seed}
    if not is_own(source):
        if split is not None and split not in SPLITS:
            raise unknown_choice("split", split, SPLITS)
        return {name: load(source, name, **options) for name in SPLITS[split or "train"]}
    found = _read_own(source)
    if split is None and set(found) == {WHOLE}:
        return {WHOLE: _prepared(found[WHOLE], source, **options)}
    names = SPLITS.get(split or "train", (str(split),))
    return {name: _prepared(_chosen(found, name, source), source, **options) for name in names}


def load_splits(source: str, split: str | None = None, **options: Any) -> dict[str, Examples]:
    """As :func:`load_data`, for inputs and targets in memory.

    Raises
    ------
    InputError
        Also if the data are of another form.
    """
    return {name: _pairs(one, source) for name, one in load_data(source, split, **options).items()}


def load(
    source: str,
    split: str,
    *,
    preprocess: str | None = None,
    limit: int | None = None,
    limit_seed: int = 0,
) -> Examples:
    """Load examples of one split of a source.

    Parameters
    ----------
    source
        A named data set: ``digits``; ``scenes``, which have masks; ``cifar10:PATH`` or
        ``cifar100:PATH``, for PATH see :func:`landscape.data.cifar.load_cifar`;
        ``torchvision:NAME[:ROOT]``, downloaded into ROOT, by default ``~/.cache/landscape``
        (``OxfordIIITPet`` has masks).

        Or the user's own: ``FILE.npz`` with arrays named as by Keras (``x_train``) or MedMNIST
        (``train_images``); ``INPUTS.npy,TARGETS.npy``; ``FILE.pt`` with tensors
        (:func:`landscape.data.files.splits_in_torch_file`); a folder of ``.npy`` files, or one
        written by Hugging Face's ``save_to_disk``; ``package.module:function``, which is called
        without arguments and returns what :class:`landscape.Problem` takes as data.
    split
        ``train`` or ``test``, or another name of a split of the user's own data.
    preprocess
        A name or numbers for :func:`landscape.data.parse_preprocess`. None is the source's default:
        ``digits`` for digits, ``scenes`` for scenes, ``cifar10`` for CIFAR-10 and CIFAR-100,
        otherwise ``none``, which is x/255 for 8-bit images.
    limit
        The number of examples to draw at random with ``limit_seed``; None for all. See
        :meth:`Examples.subset`.

    Returns
    -------
    Examples
        With ``source`` as given, and the size of the whole split as ``population``.

    Raises
    ------
    InputError
        If the source, the split or the preprocessing is unknown, does not fit, or cannot be read.
    """
    if is_own(source):
        found = _chosen(_read_own(source), split, source)
        return _pairs(_prepared(found, source, preprocess, limit, limit_seed), source)
    if split not in ("train", "test"):
        raise unknown_choice("split", split, ("train", "test"))
    name, _, rest = source.partition(":")
    examples = SOURCES[name].read(rest, split)
    return _pairs(_prepared(examples, source, preprocess, limit, limit_seed), source)


def _read_own(source: str) -> Mapping[str, Split]:
    name, colon, _ = source.partition(":")
    if colon and difflib.get_close_matches(name, SOURCES, n=1, cutoff=0.8):
        raise unknown_choice("data source", name, [*SOURCES, "package.module:function"])
    for own in OWN:
        if own.fits(source):
            return own.read(source)
    if _looks_like_path(source):
        raise _without_name(source)
    raise unknown_choice("data source", source, FORMS)


def _chosen(found: Mapping[str, Split], split: str, source: str) -> Split:
    if split in found:
        return found[split]
    if set(found) == {WHOLE}:
        raise InputError(
            f"data {source} are not divided into splits, but {split} is asked for; leave "
            f"{argument('split')} out, or give data with splits"
        )
    raise unknown_choice("split", split, found)


def _prepared(
    data: Split,
    source: str,
    preprocess: str | None = None,
    limit: int | None = None,
    limit_seed: int = 0,
) -> Split:
    data = replace(data, source=source)
    allowed = {"preprocess": isinstance(data, Examples), "limit": isinstance(data, Examples | Rows)}
    for name, value in (("preprocess", preprocess), ("limit", limit)):
        if value is not None and not allowed[name]:
            raise InputError(
                f"{argument(name, value)}: data {source} are {_FORMS_OF_DATA[type(data)]}; set it "
                "where they are made"
            )
    if isinstance(data, Examples) and preprocess is not None:
        # a source's default preprocessing divides by the largest value of its images
        data = replace(data, preprocess=parse_preprocess(preprocess, data.preprocess.scale))
    return data.subset(limit, limit_seed) if isinstance(data, Examples | Rows) else data


_FORMS_OF_DATA = {Stream: "a stream", Batches: "batches", Rows: "a dict of tensors"}


def _pairs(data: Split, source: str) -> Examples:
    if not isinstance(data, Examples):
        raise InputError(
            f"data {source} are {_FORMS_OF_DATA[type(data)]}; expected inputs and targets in memory"
        )
    return data
