"""What pyproject.toml cannot state: the part of plotly.js that goes into the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithPlotly(build_py):
    """Brings the bundle before the files are copied; without it, pages hold all of plotly.js."""

    def run(self) -> None:
        script = Path(__file__).parent / "scripts" / "plotly_bundle.py"
        subprocess.run([sys.executable, str(script)], check=False)
        super().run()


setup(cmdclass={"build_py": BuildWithPlotly})
