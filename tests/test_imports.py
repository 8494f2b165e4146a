"""What imports what: log ← capture ← run ← web ← cli, and no side entrance."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tracer"

# Each layer may import itself and those before it. What lies directly in the package is the command line's, but for
# the package itself and the settings, which stand on nothing above the log.
LAYERS = ["log", "capture", "run", "web", "cli"]
FACE = {"tracer/__init__.py": "capture", "tracer/settings.py": "log"}
# The demo is a user's module: it knows LangChain, and nothing of ours but the settings.
DEMO = "demo"

REVIVING = {"pickle", "marshal", "shelve", "dill", "langchain_core.load", "langchain.load"}
# It tells in C whether a value is made of nothing but plain types; what it writes is never read.
WRITES_WITH_MARSHAL = {"tracer/capture/growing.py", "tracer/capture/known.py"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Every imported name in full, also those imported inside functions: `(line, "a.b.c")`."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join((*package[: len(package) - node.level + 1], *([base] if base else [])))
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def layer_of(file: Path) -> str:
    relative = file.relative_to(ROOT)
    if str(relative) in FACE:
        return FACE[str(relative)]
    return relative.parts[1] if len(relative.parts) > 2 else "cli"


def layer_of_name(name: str) -> str | None:
    parts = name.split(".")
    if parts[0] != "tracer" or len(parts) == 1:
        return None
    if parts[1] in LAYERS or parts[1] == DEMO:
        return parts[1]
    if parts[1] == "settings":
        return "log"
    # An attribute of the package itself, or one of the command line's own modules.
    return "cli" if (PACKAGE / f"{parts[1]}.py").exists() else None


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_one_way(file: Path) -> None:
    layer = layer_of(file)
    for line, name in imports(file):
        other = layer_of_name(name)
        if other is None:
            continue
        where = f"{file.relative_to(ROOT)}:{line} imports {name}"
        if layer == DEMO:
            assert other == DEMO or name.startswith("tracer.settings"), where
        elif other == DEMO:
            assert layer == "cli", f"{where}: only the command line knows the demo"
        else:
            assert LAYERS.index(other) <= LAYERS.index(layer), f"{where}: {other} lies above {layer}"


def test_every_folder_of_the_package_is_a_known_layer() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= {*LAYERS, DEMO}


@pytest.mark.parametrize("file", [f for f in modules() if layer_of(f) == "log"], ids=lambda f: f.name)
def test_the_log_knows_neither_langchain_nor_starlette(file: Path) -> None:
    for line, name in imports(file):
        top = name.partition(".")[0]
        assert not top.startswith(("langchain", "langgraph", "openai", "starlette", "uvicorn", "sse_starlette")), (
            f"{file.relative_to(ROOT)}:{line} imports {name}"
        )


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_revives_what_a_log_says(file: Path) -> None:
    tree = ast.parse(file.read_text())
    for line, name in imports(file):
        if str(file.relative_to(ROOT)) in WRITES_WITH_MARSHAL and name == "marshal":
            continue
        assert not any(name == bad or name.startswith(f"{bad}.") for bad in REVIVING), f"{file}:{line}: {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "marshal":
            assert node.attr == "dumps", f"{file}:{node.lineno}: marshal.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{file}:{node.lineno}"


def test_reading_a_log_loads_no_langchain() -> None:
    code = "import sys, tracer, tracer.cli; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"langchain_core", "starlette", "openai"} & set(done.stdout.split())


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_no_python_lies_among_what_the_page_is_made_of(folder: str) -> None:
    # It would make the folder a package, and the editable install would map it wrongly.
    assert list((ROOT / folder).rglob("*.py")) == []
