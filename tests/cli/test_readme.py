"""What the README claims of options, settings and code is so."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tracer.cli import cli
from tracer.run.chains import Chains
from tracer.settings import SETTINGS, Setting

from .conftest import ROOT, Tracer, environment

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting) -> None:
    rows = [row for row in README.splitlines() if row.startswith(f"| `{setting.name}` |")]
    assert len(rows) == 1
    assert f"`{setting.variable}`" in rows[0]
    assert setting.help in rows[0]
    if setting.option:
        assert f"`{setting.option}`" in rows[0]
    if setting.default not in (None, (), False):
        assert f"`{setting.default}`" in rows[0]


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_and_option_is_documented(name: str) -> None:
    assert f"`tracer {name}" in README
    for parameter in cli.commands[name].params:
        if isinstance(parameter, click.Option):
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert re.search(rf"{re.escape(option)}\b", README), f"{name} {option}"


def test_no_setting_is_documented_that_is_none() -> None:
    named = set(re.findall(r"\bTRACER_[A-Z_]+\b", README))
    assert named <= {setting.variable for setting in SETTINGS}


def test_no_variable_is_read_that_is_no_setting() -> None:
    read = set()
    for file in (ROOT / "tracer").rglob("*.py"):
        read |= set(re.findall(r"""["'](TRACER_[A-Z_]+)["']""", file.read_text()))
    # Between the supervisor of --reload and its child; not for people.
    assert read - {"TRACER_RELOAD_CHILD"} <= {setting.variable for setting in SETTINGS}


def test_serve_and_demo_take_the_same_options() -> None:
    options = [
        {option for p in cli.commands[name].params if isinstance(p, click.Option) for option in p.opts}
        for name in ("serve", "demo")
    ]
    assert options[0] == options[1]


def code_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_readme_s_chain_loads_and_offers_its_examples(folder: Path) -> None:
    app = folder / "readme_app.py"
    app.write_text(code_blocks()[0])
    path = list(sys.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("OPENAI_API_KEY", "none")
        chain = Chains.load(["readme_app.py:chain"])["chain"]
    sys.path[:] = path
    assert chain.description == "Explains a topic in three sentences."
    assert chain.describe()["examples"] == [
        {"topic": "tides", "audience": "a ten-year-old"},
        {"topic": "compound interest", "audience": "a ten-year-old"},
    ]


def test_the_readme_s_recording_runs(folder: Path) -> None:
    code = code_blocks()[1]
    ast.parse(code)
    (folder / "record.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "record.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The moon is far away" in done.stdout
    assert "ok [('RunnableSequence', 'ok')" in done.stdout


def test_the_readme_s_jq_line_gives_the_text(folder: Path, tracer: Tracer) -> None:
    # What that program of jq's does, spelt out: jq itself need not be on this machine.
    line = next(line for line in README.splitlines() if line.startswith("jq "))
    found = re.fullmatch(r"jq -rj 'select\(\.event==\"(\w+)\"\)\.([\w.]+)' .*", line)
    assert found is not None
    assert tracer("run", "my_app:chain", "--input", '{"topic": "x"}', "-o", "run.jsonl").returncode == 0
    text = ""
    for raw in (folder / "run.jsonl").read_bytes().splitlines():
        value = json.loads(raw)
        if value["event"] == found[1]:
            for key in found[2].split("."):
                value = value[key]
            text += value
    assert text == "The moon is far away"


def test_files_the_readme_links_to_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
