"""Libraries of the extras, imported where something needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from landscape.errors import InputError, MissingExtra, one_line


def library(module: str, name: str, extra: str, purpose: str, advice: str = "reinstall it") -> Any:
    """Import a module of the library ``name``, which ``purpose`` needs.

    Raises a MissingExtra that names the extra if it is not installed, and an InputError with the
    advice if it fails to import.
    """
    try:
        return import_module(module)
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        package = module.partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and error.name in (package, module):
            raise MissingExtra(name, extra, purpose) from error
        raise InputError(
            f"{purpose} needs {name}, which is installed but fails to import ({one_line(error)}); "
            f"{advice}"
        ) from error


def pyvista(purpose: str) -> Any:
    """PyVista, for meshes."""
    return library("pyvista", "PyVista", "mesh", purpose)
