"""The way of the data: imports run one way, and drawing never needs torch."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "landscape"

# From the bottom up: a room imports from its own layer (without a circle) or from lower ones.
LAYERS = [
    {"accessors", "deprecated", "errors", "starting", "version", "zipped"},
    {"examples", "extras"},
    {
        "atomic",
        "lock",
        "plain",
        "hdf5",
        "interrupted",
        "labelled",
        "grid",
        "memory",
        "outputs",
        "commandline",
        "plugin",
        "device",
        "tracing",
        "vision",
    },
    {"restricted_pickle"},
    {"quantity", "kept"},
    {"surface", "params", "differences"},
    {
        "summary",
        "measures",
        "checkpoint",
        "metrics",
        "data",
        "legacy",
        "elsewhere",
        "store",
        "checksum",
        "stacked",
        "storable",
    },
    {"models", "problem", "directions", "alignment"},
    {"build", "plane", "training", "adapters"},
    {"evaluate", "hessian"},
    {"extent", "curve"},
    {"planes"},
    {"run"},
    {"distributed"},
    {"render", "tables"},
    {"default_job", "live", "options", "experiments"},
    {"sample", "train", "info", "convert", "compare", "connect", "curvature", "merge", "weights"},
    {"__main__", "__init__"},
]
LAYER_OF = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

# The command lines, and what they have in common: everything else names arguments.
COMMAND_LINES = {"commandline", "options", "sample", "train", "info", "convert", "compare"}
COMMAND_LINES |= {"connect", "curvature", "merge", "live", "weights", "__main__"}

# What each command line draws on is its own matter; the page and figures of a saved surface are
# opened by the store.
RENDER_KNOWS = {
    "surface",
    "quantity",
    "kept",
    "grid",
    "errors",
    "extras",
    "atomic",
    "outputs",
    "commandline",
    "store",
    "render",
}
# A page says numbers of its surfaces, describes them and names their files; all know numpy only.
RENDER_KNOWS |= {"measures", "summary", "examples"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Modules of the package that a file imports, wherever in it, as dotted names."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "landscape":
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(names if node.module == "landscape" else [str(node.module)])
        elif isinstance(node, ast.Import):
            found.update(a.name for a in node.names if a.name.startswith("landscape."))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    own = room_of(path)
    assert own in LAYER_OF, f"{own} has no layer yet: give it one"
    for name in imports_of(path):
        other = name.split(".")[1]
        assert LAYER_OF[other] <= LAYER_OF[own], f"{path} imports {name}: upwards"
        if own == "render":
            assert other in RENDER_KNOWS, f"{path} imports {name}"


def test_only_command_lines_name_options() -> None:
    """Whoever calls from Python reads of arguments (landscape/errors.py)."""
    option = re.compile(r"(?<![\w-])(--[a-z]|-o\b)")
    found = {
        str(path.relative_to(ROOT))
        for path in modules()
        if room_of(path) not in COMMAND_LINES and path.stem != "__main__"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if option.search(node.value)
    }
    assert found == set()


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        name = ".".join(("landscape", *path.relative_to(ROOT).with_suffix("").parts))
        name = name.removesuffix(".__init__")
        graph[name] = imports_of(path)
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a circle: {' -> '.join((*above, name))}"
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(("folder", "most"), [(ROOT, 350), (ROOT.parent / "tests", 450)])
def test_every_file_is_small(folder: Path, most: int) -> None:
    sizes = {str(path): len(path.read_text().splitlines()) for path in folder.rglob("*.py")}
    assert {path: lines for path, lines in sizes.items() if lines > most} == {}


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("import landscape", ["torch", "matplotlib", "plotly", "h5py"]),
        (
            "import landscape.info, landscape.compare, landscape.convert, landscape.render",
            ["torch", "matplotlib", "plotly"],
        ),
        ("import landscape.measures", ["torch", "matplotlib", "plotly", "h5py", "scipy"]),
        ("import landscape; landscape.sample_surface", ["matplotlib", "plotly", "pyvista"]),
        ("import landscape.sample", ["matplotlib", "plotly", "pyvista", "sklearn", "torchvision"]),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, never: list[str]) -> None:
    check = f"{code}\nimport sys\nprint([m for m in {never} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT.parent, check=True
    )
    assert result.stdout.strip() == "[]"


def option_lists(path: Path) -> list[tuple[str, set[str]]]:
    """Names that stand together in a file: of a signature, a class's fields, a call's ``a=a``."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            names = {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
            names -= {"self", "cls"}
        elif isinstance(node, ast.ClassDef):
            fields = [s.target for s in node.body if isinstance(s, ast.AnnAssign)]
            names = {t.id for t in fields if isinstance(t, ast.Name)}
        elif isinstance(node, ast.Call):
            passed = [(k.arg, k.value) for k in node.keywords if isinstance(k.value, ast.Name)]
            names = {name for name, value in passed if name == value.id}  # type: ignore[attr-defined]
        else:
            continue
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'name', type(node).__name__)}"
        found.append((where, {str(name) for name in names}))
    return found


def test_no_option_list_stands_twice() -> None:
    lists = [one for path in modules() for one in option_lists(path) if len(one[1]) > 6]
    twice = {
        frozenset({here, there}): sorted(names & others)
        for (here, names), (there, others) in itertools.combinations(lists, 2)
        if len(names & others) > 6
    }
    assert twice == {}


TOP = {
    *(".ci", ".github", ".gitignore", "CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md"),
    *("constraints.txt", "docs", "findings", "landscape", "notebooks", "pyproject.toml"),
    *("scripts", "tests"),
}


def test_nothing_else_stands_at_the_top() -> None:
    """A fault once: a stray file with a part of a command as its name was committed."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not in a git checkout")
    assert {name.partition("/")[0] for name in listed.stdout.split("\0") if name} == TOP
