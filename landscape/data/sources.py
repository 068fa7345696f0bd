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
    """How a source is written, and what reads it: (what follows the colon, split) to examples."""

    form: str
    read: Callable[[str, str], Examples]


def _read_digits(rest: str, split: str) -> Examples:
    if rest:
        raise InputError(f"digits:{rest}: digits come with scikit-learn; expected digits alone")
    return load_digits(split)


def _read_scenes(rest: str, split: str) -> Examples:
    if rest:
        raise InputError(
            f"scenes:{rest}: scenes are made when they are read; expected scenes alone"
        )
    return load_scenes(split)


def _read_cifar(rest: str, split: str, name: str) -> Examples:
    if not rest:
        raise InputError(
            f"{name}: expected {name}:PATH, the folder, .tar.gz or .npz that holds the images"
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
    """Examples of a named source.

    Parameters
    ----------
    source
        ``digits``; ``scenes``, which have masks; ``cifar10:PATH`` or ``cifar100:PATH``, see
        :func:`landscape.data.cifar.load_cifar` for what PATH may be;
        ``torchvision:NAME[:ROOT]``, downloaded into ROOT, by default ``~/.cache/landscape``;
        of these ``OxfordIIITPet`` has masks.
    split
        ``train`` or ``test``.
    preprocess
        A name or numbers for :func:`landscape.data.parse_preprocess`. None takes the source's
        own: ``digits`` for digits, ``scenes`` for scenes, ``cifar10`` for CIFAR-10 and CIFAR-100,
        otherwise ``none``, which is x/255.
    limit
        This many examples, drawn at random with ``limit_seed``; None for all. See
        :meth:`Examples.subset`.

    Returns
    -------
    Examples
        Their ``source`` is the text as it was typed, their ``population`` the whole split.

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
                f"data source {source!r} is a path without the name of its data set; expected one "
                f"of {', '.join(forms)}; did you mean 'cifar10:{source}'?"
            )
        raise unknown_choice("data source", source, forms)
    examples = replace(SOURCES[name].read(rest, split), source=source)
    if preprocess is not None:
        # a source's own preprocessing divides by the largest value that its images can hold
        chosen = parse_preprocess(preprocess, examples.preprocess.scale)
        examples = replace(examples, preprocess=chosen)
    return examples.subset(limit, limit_seed)
