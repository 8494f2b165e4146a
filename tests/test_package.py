"""The wheel: built, installed into an empty environment, used with the checkout out of sight."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

APP = """\
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate

chain = ChatPromptTemplate.from_template("{x}") | GenericFakeChatModel(messages=iter([AIMessage("from the wheel")]))
"""


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}


def run(*command: str | Path, cwd: Path, limit: float = 600) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (file,) = folder.glob("*.whl")
    return file


def test_the_wheel_holds_the_package_its_page_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"tracer", f"{wheel.name.split('-py3')[0]}.dist-info"}
    for folder in ("templates", "static"):
        ours = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        theirs = {name.removeprefix("tracer/") for name in names if name.startswith(f"tracer/{folder}/")}
        assert ours == theirs
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "tracer").rglob("*.py")}
    assert modules <= set(names)


@pytest.mark.timeout(900)  # a whole environment is installed
def test_a_chain_runs_through_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    run(sys.executable, "-m", "venv", empty, cwd=tmp_path)
    bin = empty / "bin"
    # Of what is installed, only what is imported gets compiled.
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-compile")
    run(bin / "python", "-m", "pip", *install, wheel, cwd=tmp_path)
    (tmp_path / "my_app.py").write_text(APP)

    done = run(bin / "tracer", "run", "my_app:chain", "--input", '{"x": "?"}', "-o", "one.jsonl", cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "from the wheel"
    assert "chat_model GenericFakeChatModel" in run(bin / "tracer", "show", "one.jsonl", cwd=tmp_path).stdout

    with serving(bin / "tracer", cwd=tmp_path) as (origin, token):
        page = asked(f"{origin}/", token)
        assert 'type="module"' in page
        script = re.findall(r'src="([^"]+\.js)"', page)[0]
        assert "import" in asked(f"{origin}{script}", token)
        assert "my_app:chain" in asked(f"{origin}/api/chains", token)


@contextlib.contextmanager
def serving(tracer: Path, cwd: Path) -> Iterator[tuple[str, str]]:
    """Origin and token of the installed command's server."""
    process = subprocess.Popen(
        [tracer, "serve", "my_app:chain", "--port", "0", "--no-open"],
        cwd=cwd,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        try:
            origin, token = process.stdout.readline().removeprefix("tracer: ").strip().split("/?token=")
            yield origin, token
        finally:
            process.terminate()


def asked(url: str, token: str) -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())
