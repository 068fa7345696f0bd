"""What the README says: every command parses, every picture and file is there."""

from __future__ import annotations

import importlib
import re
import shlex

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
OURS = [shlex.split(c)[2:] for c in COMMANDS if c.startswith("python -m landscape.")]


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    wanted = re.compile(r"^python3 -m venv .* -m pytest$", flags=re.MULTILINE)
    assert len(wanted.findall(README)) == 1


def test_both_first_commands_come_before_anything_else_to_do() -> None:
    assert [c.split()[-1] for c in COMMANDS[:2]] == ["landscape.sample", "pytest"]
    assert all(
        c.startswith("python3 -m venv .venv && .venv/bin/pip install -c") for c in COMMANDS[:2]
    )


@pytest.mark.parametrize("words", OURS, ids=lambda w: " ".join(w)[:60])
def test_every_command_is_one(words: list[str]) -> None:
    module, *arguments = words
    home = f"{module}.__main__" if (ROOT / module.replace(".", "/")).is_dir() else module
    # Leaves by SystemExit where the command has no such option.
    importlib.import_module(home)._parser().parse_args(arguments)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_into_the_repository_leads_somewhere(target: str) -> None:
    if not target.startswith("http"):
        assert (ROOT / target).is_file()


def test_the_example_is_python() -> None:
    for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        compile(block, "README.md", "exec")
