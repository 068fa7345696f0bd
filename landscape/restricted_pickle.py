"""Unpickling without running code: what a pickle asks for is looked up, or only described.

A pickle is a program. Here it can build numbers, strings, lists, tuples and dicts; every other
name in it resolves to what the reader of a format lists, or to a :class:`Described`.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

# Opcodes that the formats read here never use, or that allocate without bound.
_REFUSED = (
    pickle.BYTEARRAY8,
    pickle.NEXT_BUFFER,
    pickle.READONLY_BUFFER,
    pickle.EXT1,
    pickle.EXT2,
    pickle.EXT4,
    pickle.INST,
    pickle.OBJ,
)

Known = Mapping[tuple[str, str], Any]
"""What a pickle may use, by module and name."""


class Described:
    """An object that a pickle asks for: its name and what it would be made of.

    It takes whatever the pickle adds to it, and keeps only its state.
    """

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name = self.__name__ = name
        self.arguments = arguments
        self.state: Any = None

    def __call__(self, *arguments: Any) -> Described:
        return Described(self.name, arguments)

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        pass

    extend = add = append


class Stateful(ABC):
    """A stand-in of a format, whose ``__setstate__`` checks what a pickle gives it."""

    @abstractmethod
    def __setstate__(self, state: Any) -> None: ...


# The pure-Python unpickler: the C one allocates its memo table as long as the largest index that
# the file claims.
class RestrictedUnpickler(pickle._Unpickler):
    """Builds plain values, what is ``known``, and descriptions of all else.

    Attributes
    ----------
    described
        The names that were asked for and are not known, in their order.
    """

    known: ClassVar[Known] = {}

    stack: list[Any]

    def __init__(self, file: Any, **options: Any) -> None:
        super().__init__(file, **options)
        self.described: list[str] = []

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.known[module, name]
        except KeyError:
            self.described.append(f"{module}.{name}")
            return Described(f"{module}.{name}")

    def _object(self) -> None:
        arguments, cls = self.stack.pop(), self.stack.pop()
        self.stack.append(_described(cls, arguments))

    def _object_with_names(self) -> None:
        named, arguments, cls = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.stack.append(_described(cls, (*arguments, named)))

    def _state(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(made, Described):
            made.state = state
        elif isinstance(made, Stateful):
            made.__setstate__(state)

    dispatch: ClassVar[dict[int, Any]] = {
        code: action
        for code, action in pickle._Unpickler.dispatch.items()
        if code not in {one[0] for one in _REFUSED}
    } | {
        pickle.NEWOBJ[0]: _object,
        pickle.NEWOBJ_EX[0]: _object_with_names,
        pickle.BUILD[0]: _state,
    }


def _described(cls: Any, arguments: tuple[Any, ...]) -> Described:
    if not isinstance(cls, Described):
        raise pickle.UnpicklingError("an object of what is no class")
    return Described(cls.name, tuple(arguments))
