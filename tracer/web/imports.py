"""Files that are sent here to be kept: streamed to disk, and a run like any other once they are whole."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from tracer.log.file import LogError
from tracer.log.importer import Import, Imported
from tracer.log.store import Store, new_run_id
from tracer.settings import BY_NAME

from .problems import Problem

_BLOCK = 1 << 20
_SETTING = BY_NAME["max_import"]


class ImportGone(Exception):
    """Whoever sent the file has left before it was whole."""


def limit(environment: Mapping[str, str]) -> int:
    """Bytes that a file sent here may have. Raises ValueError naming the variable that is wrong."""
    text = environment.get(_SETTING.variable, "").strip()
    if not text:
        return int(_SETTING.default)
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) < 19 or int(text) == 0:
        raise ValueError(f"{_SETTING.variable} in the environment or .env: not a number above 0: {text[:40]!r}")
    return int(text)


async def take(request: Request, store: Store, most: int) -> Imported:
    """The body as a new run. Raises Problem: 413 where it is too long, 415, 422 where it is no log, 507; ImportGone."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(415, "the file has to be sent as it is, without a Content-Encoding", "Content-Encoding")
    too_large = Problem(
        413,
        f"the file has more than {most:,} bytes, which {_SETTING.variable} allows",
        headers={"Connection": "close"},
    )
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    size = 0
    try:
        with Import(store.root, new_run_id(), request.query_params.get("name", "")) as file:
            block = bytearray()
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise too_large
                block += chunk
                if len(block) >= _BLOCK:
                    await run_in_threadpool(file.write, bytes(block))
                    block.clear()
            await run_in_threadpool(file.write, bytes(block))
            return await run_in_threadpool(file.finish)
    except ClientDisconnect:
        raise ImportGone from None
    except LogError as error:
        where = f"line {error.line}: " if error.line else ""
        raise Problem(422, f"this is no log that can be kept: {where}{error.reason}") from None
    except OSError as error:
        raise Problem(507, f"the file cannot be kept: {error.strerror or error}") from error
