"""The command as a person runs it: a process in a folder of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracer.capture.server_log import _LOGGERS

ROOT = Path(__file__).parents[2]

APP = """\
import asyncio, sys, time
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

model = GenericFakeChatModel(messages=iter([AIMessage("The moon is far away")] * 9))
chain = ChatPromptTemplate.from_template("About {topic}") | model | StrOutputParser()

def boom(x):
    raise ValueError("no such thing")

def nap(x):
    time.sleep(60)

async def pause(x):
    await asyncio.sleep(60)

failing = RunnableLambda(lambda x: x) | RunnableLambda(boom)
sleeping = RunnableLambda(pause)
stuck = RunnableLambda(nap)
echo = RunnableLambda(lambda x: x)
nasty = RunnableLambda(lambda x: "\\x1b[31mred\\x07").with_config(run_name="bad\\x1b]0;title\\x07name")

def make():
    return echo
"""


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command that runs in this very process does to logging is undone after the test."""
    for logger in (*map(logging.getLogger, _LOGGERS), logging.lastResort):
        if logger is not None:
            monkeypatch.setattr(logger, "filters", list(logger.filters))


Tracer = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tracer", *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`folder` as this very process's working folder; what the test imports from it is forgotten after it."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folder
    sys.modules.pop("my_app", None)


@pytest.fixture
def tracer(folder: Path) -> Tracer:
    """Run `tracer ARGUMENTS` in `folder` to its end; output is text."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=folder,
            env=environment(**variables),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
