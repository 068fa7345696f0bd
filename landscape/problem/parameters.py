"""The choice of parameters: which ones a plane moves; all others are constant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from landscape.errors import InputError, argument, one_line
from landscape.params import matching
from landscape.surface import Attribute

Choice = str | Sequence[str] | Callable[[str, nn.Parameter], bool]
"""``trainable``, ``all``, patterns of names, or a function ``(name, parameter) -> bool``."""

TRAINABLE, ALL = "trainable", "all"

_STATISTICS = ("moving_mean", "moving_variance")  # of Keras, where torch has buffers


@dataclass(frozen=True)
class Moved:
    """The parameters that a plane moves.

    Attributes
    ----------
    names
        In the order of the network.
    constant
        The others that could be moved.
    entries
        The number of entries of those that move.
    words
        The choice in words; empty if nothing is constant.
    """

    names: tuple[str, ...]
    constant: tuple[str, ...]
    entries: int
    words: str

    @property
    def attributes(self) -> dict[str, Attribute]:
        """The choice as attributes of a surface: none if nothing is constant."""
        if not self.constant:
            return {}
        listed = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        return {
            "moved": self.words,
            "moved_parameters": self.entries,
            "moved_names_sha256": listed,
        }


def movable(p: Tensor) -> bool:
    """Whether a parameter can be moved along a direction: it is real, and not an integer."""
    return p.is_floating_point()


def chosen(model: nn.Module, choice: Choice | None) -> Moved:
    """The parameters of a network that a choice selects.

    Integers, such as the state of a random generator, and running statistics never move.

    Parameters
    ----------
    model
        With ``requires_grad`` as in training.
    choice
        None is ``trainable`` where at least one parameter is, otherwise ``all``. A pattern matches
        a whole name or the part after a dot: ``lora_*``, ``head.*``, ``layer3.*.weight``.

    Raises
    ------
    InputError
        If the choice is not one, or selects nothing that can be moved.
    """
    able = {
        name: p
        for name, p in model.named_parameters()
        if (movable(p) or p.is_complex()) and not name.endswith(_STATISTICS)
    }
    trainable = [name for name, p in able.items() if p.requires_grad]
    if choice is None:
        names, words = trainable or list(able), TRAINABLE
    elif callable(choice):
        names, words = _picked(able, choice)
    else:
        patterns = _patterns(choice)
        words = ", ".join(patterns)
        if words == ALL:
            names = list(able)
        elif words == TRAINABLE:
            names = trainable
        else:
            names = _matched(able, patterns)
    if not names:
        raise InputError(
            f"{argument('parameters', words)}: no parameter is chosen that could be moved; the "
            f"network has {len(able)}, {len(trainable)} of them trainable"
        )
    odd = [name for name in names if able[name].is_complex()]
    if odd:
        raise InputError(
            f"parameter {odd[0]!r} is complex, but only real parameters move along a direction: "
            f"choose others with {argument('parameters')}, or let the network hold real and "
            "imaginary parts (torch.view_as_real)"
        )
    constant = tuple(name for name, p in able.items() if movable(p) and name not in set(names))
    entries = sum(able[name].numel() for name in names)
    return Moved(tuple(names), constant, entries, words if constant else "")


def _patterns(choice: object) -> list[str]:
    given = choice.split(",") if isinstance(choice, str) else choice
    patterns = list(given) if isinstance(given, Sequence) else []
    if not patterns or not all(isinstance(one, str) and one.strip() for one in patterns):
        raise InputError(
            f"{argument('parameters', choice)}: expected trainable, all, patterns of names such as "
            "lora_*, or a function of a name and a parameter"
        )
    return [one.strip() for one in patterns]


def _matched(able: dict[str, nn.Parameter], patterns: Sequence[str]) -> list[str]:
    matched: set[str] = set()
    for pattern in patterns:
        found = matching(able, pattern)
        if not found:
            some = ", ".join(list(able)[:4])
            raise InputError(
                f"{argument('parameters', ', '.join(patterns))}: {pattern!r} matches none of the "
                f"{len(able)} parameters ({some}, …)"
            )
        matched.update(found)
    return [name for name in able if name in matched]


def _picked(
    able: dict[str, nn.Parameter], choice: Callable[[str, nn.Parameter], bool]
) -> tuple[list[str], str]:
    words = getattr(choice, "__name__", type(choice).__name__)
    try:
        return [name for name, p in able.items() if choice(name, p)], words
    except Exception as error:  # a user's function can raise any error
        raise InputError(
            f"{argument('parameters', words)} raised an error ({one_line(error)}); expected a "
            "function (name, parameter) -> bool"
        ) from error
