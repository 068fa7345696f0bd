"""Examples in docstrings run as they are written, and every public name has one."""

from __future__ import annotations

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import landscape
import tests.broken_torchvision  # noqa: F401
from landscape import render
from landscape.hessian import HessianOperator

ROOT = Path(landscape.__file__).parent
SYNTAX = (ast.Module, ast.ClassDef, ast.FunctionDef)

# Trains and samples for minutes; a test of its own runs it.
LONG = {"run_default_job"}


def examples() -> Iterator[Any]:
    """Every docstring with an example: its module, its name, itself and where it begins."""
    for path in sorted(ROOT.rglob("*.py")):
        if ">>>" not in path.read_text():
            continue
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            said = ast.get_docstring(node) if isinstance(node, SYNTAX) else None
            if said and ">>>" in said:
                name = f"{module}.{getattr(node, 'name', '')}".removesuffix(".")
                yield pytest.param(module, name, said, node.body[0].lineno, id=name)


@pytest.mark.parametrize(("module", "name", "said", "line"), list(examples()))
def test_examples_run(
    module: str, name: str, said: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {**vars(importlib.import_module(module)), **small_problem()}
    test = doctest.DocTestParser().get_doctest(said, names, name, module, line)
    told: list[str] = []
    result = doctest.DocTestRunner().run(test, out=told.append)
    assert result.failed == 0, "".join(told)
    assert result.attempted > 0


def small_problem() -> dict[str, Any]:
    """What examples may take as given: that of ``landscape.Problem``."""
    torch.manual_seed(0)
    inputs, labels = torch.randn(64, 8), torch.randint(0, 3, (64,))
    layers = torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    network = torch.nn.Sequential(*layers)
    problem = landscape.Problem(network, {"train": (inputs, labels)}, device="cpu")
    return {"inputs": inputs, "labels": labels, "network": network, "problem": problem}


PUBLIC = [
    *(getattr(landscape, name) for name in landscape.__all__ if name not in {"__version__", *LONG}),
    *(getattr(render, name) for name in render.__all__),
    HessianOperator,
]


@pytest.mark.parametrize("named", PUBLIC, ids=lambda named: named.__name__)
def test_every_public_name_has_an_example(named: Any) -> None:
    assert ">>>" in (named.__doc__ or "")
