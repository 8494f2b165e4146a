"""`tracer.astream_events`: the drop-in."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.schema import StreamEvent

from tracer.log.store import Store, is_folder, new_run_id
from tracer.log.writer import Writer
from tracer.settings import BY_NAME, is_on

from .record import header, record
from .rules import Choice, chosen
from .tap import Tap


def astream_events(
    chain: Runnable[Any, Any],
    input: Any,
    config: RunnableConfig | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    fsync: bool | None = None,
    redact: Choice = None,
    version: str = "v2",
    **kwargs: Any,
) -> AsyncGenerator[StreamEvent, None]:
    """`chain.astream_events(input, config, version="v2", **kwargs)`, recorded.

    Yields LangChain's events as they are and re-raises what the chain raises; leaving the loop cancels the chain and
    records `cancelled`. `path` is a new file, or a folder (one that is there, or a path that ends with a slash) that
    gets one file a run; by default the folder where `tracer serve` looks (TRACER_DIR, else `runs`). With
    `fsync` (by default as TRACER_FSYNC says) what a viewer was shown survives a loss of power. Raises OSError where the
    log cannot be made, FileExistsError for a file that is there already, ValueError for a version other than "v2"; what
    the disk refuses later never reaches the chain.

    `redact` False records secrets, too; a function `(text, key) → text` is asked about every text beside the built-in
    patterns; None does what the settings say. Raises ValueError where one of them is wrong.
    """
    if version != "v2":
        raise ValueError(f'version is {version!r}; tracer records "v2" only')

    def tap() -> Tap:
        looked_at = chosen(redact)
        fields = header(new_run_id(), chain.get_name(), input, config, redact=looked_at)
        return Tap(_open(path, fields, is_on("fsync") if fsync is None else fsync), input, looked_at, fields)

    # The generator itself: another one around it would cost each event as much again as this one does.
    return record(chain, input, config, tap, **kwargs)


def _open(path: str | os.PathLike[str] | None, fields: dict[str, Any], fsync: bool) -> Writer:
    if path is None:
        setting = BY_NAME["dir"]
        return Store(os.environ.get(setting.variable) or str(setting.default), fsync=fsync).create(fields)
    if is_folder(path):
        return Store(path, fsync=fsync).create(fields)
    try:
        return Writer(Path(path), fields, fsync=fsync)
    except FileExistsError:
        raise FileExistsError(
            f"{os.fspath(path)} already holds a run; give another path, or a folder to get a new file for each run"
        ) from None
