"""torchvision, where the extra ``vision`` is installed."""

from __future__ import annotations

import importlib
from typing import Any

import torch

from landscape.errors import InputError, MissingExtra, one_line


def torchvision_module(name: str, purpose: str) -> Any:
    """The module ``torchvision.NAME``, imported now.

    Raises
    ------
    MissingExtra
        If torchvision is not installed; ``purpose`` says what needs it.
    InputError
        If it does not import.
    """
    full = f"torchvision.{name}"
    try:
        return importlib.import_module(full)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        if isinstance(error, ModuleNotFoundError) and error.name in ("torchvision", full):
            raise MissingExtra("torchvision", "vision", purpose) from error
        raise InputError(
            f"{purpose} needs torchvision, which is installed but fails to import "
            f"({one_line(error)}); install the version that belongs to torch {torch.__version__}"
        ) from error
