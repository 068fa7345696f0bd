"""Access to torchvision, from the extra ``vision``."""

from __future__ import annotations

from typing import Any

import torch

from landscape.extras import library


def torchvision_module(name: str, purpose: str) -> Any:
    """Import ``torchvision.NAME``; its errors are those of :mod:`landscape.extras`."""
    advice = f"install the version for torch {torch.__version__}"
    return library(f"torchvision.{name}", "torchvision", "vision", purpose, advice)
