"""Hide a torchvision that was built for another torch, over which other libraries stumble."""

from __future__ import annotations

import importlib.metadata
import sys

try:
    import torchvision  # noqa: F401
except Exception:
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    known = importlib.metadata.version

    def without_torchvision(name: str) -> str:
        if name == "torchvision":
            raise importlib.metadata.PackageNotFoundError(name)
        return known(name)

    importlib.metadata.version = without_torchvision  # torchmetrics goes by it
