"""Check whether VTK can draw off-screen here; VTK ends the process where it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from landscape.errors import InputError
from landscape.extras import pyvista

_TRIAL = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(8, 8))
plotter.add_mesh(pyvista.Sphere())
plotter.screenshot(return_img=True)
"""


def check_offscreen() -> None:
    """Check that pictures can be drawn.

    Raises an InputError if there is neither a screen nor a library that draws into memory.
    """
    if not _can_draw():
        raise InputError(
            "PyVista found no OpenGL to draw with on this machine: expected a display, or Mesa's "
            "EGL or OSMesa library (Debian: libegl1 or libosmesa6); or use renderer matplotlib"
        )


def available() -> bool:
    """Whether PyVista is installed and can draw."""
    try:
        pyvista("drawing")
    except InputError:
        return False
    return _can_draw()


@lru_cache(maxsize=1)
def _can_draw() -> bool:
    from vtkmodules import vtkRenderingOpenGL2  # noqa: F401  (registers the windows)
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    with quiet():
        kind = type(vtkRenderWindow()).__name__
    if kind in ("vtkEGLRenderWindow", "vtkWin32OpenGLRenderWindow", "vtkCocoaRenderWindow"):
        return True
    # A missing X server, or OSMesa without its library, ends the process: try in another one.
    trial = subprocess.run(
        [sys.executable, "-c", _TRIAL], capture_output=True, timeout=120, check=False
    )
    return trial.returncode == 0


@contextmanager
def quiet() -> Iterator[None]:
    """VTK warns on stderr about every backend that it tries before one works."""
    from vtkmodules.vtkCommonCore import vtkLogger

    before = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        yield
    finally:
        vtkLogger.SetStderrVerbosity(vtkLogger.ConvertToVerbosity(before))
