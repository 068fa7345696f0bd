"""Access to torchvision, from the extra ``vision``."""

from __future__ import annotations

import importlib
from typing import Any

import torch

from landscape.errors import InputError, MissingExtra, one_line


def torchvision_module(name: str, purpose: str) -> Any:
    """Import ``torchvision.NAME``.

    Raises a MissingExtra if torchvision is not installed; ``purpose`` states what needs it; an
    InputError if it fails to import.
    """
    full = f"torchvision.{name}"
    try:
        return importlib.import_module(full)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        if isinstance(error, ModuleNotFoundError) and error.name in ("torchvision", full):
            raise MissingExtra("torchvision", "vision", purpose) from error
        raise InputError(
            f"{purpose} needs torchvision, which is installed but fails to import "
            f"({one_line(error)}); install the version for torch {torch.__version__}"
        ) from error
