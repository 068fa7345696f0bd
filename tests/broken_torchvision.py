"""Hide a torchvision that was built for another torch, over which other libraries stumble."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from typing import Any

try:
    import torchvision  # noqa: F401
except Exception:
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    if importlib.util.find_spec("lightning_utilities"):  # asks for its version
        from lightning_utilities.core import imports

        known = imports._version

        def version(name: str) -> Any:
            if name == "torchvision":
                raise importlib.metadata.PackageNotFoundError(name)
            return known(name)

        imports._version = version
