"""The libraries of the extra ``mesh``, imported when something needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from landscape.errors import InputError, MissingExtra, one_line


def pyvista(purpose: str) -> Any:
    """PyVista.

    Raises a MissingExtra if it is not installed; ``purpose`` says what needs it.
    """
    return _library("pyvista", "PyVista", purpose)


def trimesh(purpose: str) -> Any:
    """Trimesh; as :func:`pyvista`."""
    return _library("trimesh", "trimesh", purpose)


def _library(module: str, name: str, purpose: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise MissingExtra(name, "mesh", purpose) from error
        raise _broken(name, purpose, error) from error
    except ImportError as error:
        raise _broken(name, purpose, error) from error


def _broken(name: str, purpose: str, error: ImportError) -> InputError:
    return InputError(
        f"{purpose} needs {name}, which is installed but fails to import ({one_line(error)}): "
        "reinstall it"
    )
