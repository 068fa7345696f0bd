"""Data by name, as on the command line: ``digits``, ``scenes``, ``cifar10:PATH``, …"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from landscape.data.cifar import load_cifar
from landscape.data.digits import load_digits
from landscape.data.examples import Examples
from landscape.data.pets import load_pets
from landscape.data.preprocess import parse_preprocess
from landscape.data.scenes import load_scenes
from landscape.data.torchvision_sets import PETS, load_torchvision
from landscape.errors import InputError, unknown_choice

SPLITS = ("train", "test")


@dataclass(frozen=True)
class _Source:
    """The form of a source's name, and its reader: (text after the colon, split) to examples."""

    form: str
    read: Callable[[str, str], Examples]


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


def _looks_like_path(text: str) -> bool:
    return "/" in text or os.sep in text or os.path.splitext(text)[1] != "" or os.path.exists(text)


def load(
    source: str,
    split: str,
    *,
    preprocess: str | None = None,
    limit: int | None = None,
    limit_seed: int = 0,
) -> Examples:
    """Load examples of a named source.

    Parameters
    ----------
    source
        ``digits``; ``scenes``, which have masks; ``cifar10:PATH`` or ``cifar100:PATH``, for PATH
        see :func:`landscape.data.cifar.load_cifar`; ``torchvision:NAME[:ROOT]``, downloaded into
        ROOT, by default ``~/.cache/landscape`` (``OxfordIIITPet`` has masks).
    split
        ``train`` or ``test``.
    preprocess
        A name or numbers for :func:`landscape.data.parse_preprocess`. None is the source's default:
        ``digits`` for digits, ``scenes`` for scenes, ``cifar10`` for CIFAR-10 and CIFAR-100,
        otherwise ``none``, which is x/255.
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
    if split not in SPLITS:
        raise unknown_choice("split", split, SPLITS)
    name, _, rest = source.partition(":")
    if name not in SOURCES:
        forms = [known.form for known in SOURCES.values()]
        if _looks_like_path(source):
            raise InputError(
                f"data source {source!r} is a path without a dataset name; expected one "
                f"of {', '.join(forms)}; did you mean 'cifar10:{source}'?"
            )
        raise unknown_choice("data source", source, forms)
    examples = replace(SOURCES[name].read(rest, split), source=source)
    if preprocess is not None:
        # a source's default preprocessing divides by the largest value of its images
        chosen = parse_preprocess(preprocess, examples.preprocess.scale)
        examples = replace(examples, preprocess=chosen)
    return examples.subset(limit, limit_seed)
