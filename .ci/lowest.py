"""Prints the lowest versions that pyproject.toml states, as constraints for pip."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"].values()
lowest = {}
for requirement in [*project["dependencies"], *(one for extra in extras for one in extra)]:
    name, _, version = requirement.partition(">=")
    if version:
        assert lowest.setdefault(name, version) == version, f"{name} has two lowest versions"
for name, version in lowest.items():
    assert re.fullmatch(r"[\w-]+", name), name
    print(f"{name}=={version}")
