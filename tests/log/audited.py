"""Opens a sound log and then a hostile one, in a process that notes what Python does meanwhile.

python -m tests.log.audited FOLDER      prints {"sound": [...], "hostile": [...]} as JSON
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import tracer
from tests.log.mutants import end, event, joined, span, start
from tracer.cli import cli
from tracer.log.store import Store
from tracer.run.chains import Chains
from tracer.run.runner import Runner
from tracer.web.app import App, create_app
from tracer.web.gate import Gate

TOKEN = "audited-0123456789-abcdefghij"
COUNT = 1_000
_IGNORED = ("sys._getframe", "object.__getattr__", "object.__setattr__", "gc.", "cpython._PySys_ClearAuditHooks")


def payloads() -> Iterator[Any]:
    """What LangChain's `load`, jsonpickle, yaml and the like would bring to life, for ever."""
    names = (
        ["langchain_core", "prompts", "prompt", "PromptTemplate"],
        ["langchain", "chat_models", "openai", "ChatOpenAI"],
        ["langchain_core", "runnables", "base", "RunnableLambda"],
        ["langchain_community", "llms", "bedrock", "Bedrock"],
        ["os", "system"],
        ["subprocess", "Popen"],
        ["antigravity"],
        ["this_module_does_not_exist_anywhere", "Thing"],
    )
    kwargs = (
        {"template": "{{ x.__class__.__mro__ }}", "template_format": "jinja2", "input_variables": []},
        {"openai_api_key": {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]}, "base_url": "http://192.0.2.1/"},
        {"func": "open('/etc/passwd').read()", "args": ["touch /tmp/owned"], "shell": True},
        {"endpoint_url": "http://169.254.169.254/latest/meta-data/", "credentials_profile_name": "default"},
    )
    while True:
        for name in names:
            for given in kwargs:
                yield {"lc": 1, "type": "constructor", "id": name, "kwargs": given}
                yield {"lc": 2, "type": "constructor", "id": [*name, "load"], "kwargs": {"inner": given}}
        yield {"lc": 1, "type": "secret", "id": ["HOME"]}
        yield {"lc": 1, "type": "not_implemented", "id": ["builtins", "exec"], "repr": "__import__('os').system('id')"}
        yield {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["id"]}]}
        yield {"__class__": "subprocess.Popen", "__module__": "subprocess", "__init__": ["id"]}
        yield "!!python/object/apply:os.system ['id']"
        yield "${HOME} $(id) `id` {{7*7}} %(PATH)s {os.environ}"
        yield {
            "$ref": "file:///etc/passwd",
            "$tracer": "object",
            "type": "os.environ",
            "value": {"path": "/etc/passwd"},
        }


def log(values: Iterator[Any]) -> bytes:
    """A run with a value of these in every field of its lines."""
    one = lambda: next(values)  # noqa: E731 (as short as that)
    lines = [
        start(chain="audit:chain", input=one(), config={"configurable": one(), "callbacks": [one()]}, versions=one())
    ]
    for seq in range(1, COUNT, 4):
        number = seq // 4 + 1
        kind = ("chain", "chat_model", "tool", "retriever", "parser")[number % 5]
        lines.append(
            span(seq, number, number - 1 or None, kind, metadata={"m": one()}, tags=[one()], data={"input": one()})
        )
        lines.append(event(seq + 1, f"on_{kind}_stream", number, data={"chunk": one()}))
        lines.append(event(seq + 2, f"on_{kind}_end", number, data={"output": one(), "input": one()}))
        lines.append(event(seq + 3, "finding", number, kind="k", text="t", advice="a", evidence={"e": one()}))
    lines.append(end(len(lines), status="error", error=one(), interrupts=[one()]))
    return joined(lines)


class Notes:
    """What was done while it is on: audit events, and names of the environment that were read."""

    def __init__(self, folder: Path) -> None:
        self.found: set[str] = set()
        self._folder = str(folder)
        self._on = False
        sys.addaudithook(self._heard)
        environment = type(os.environ)
        real = environment.__getitem__

        def read(this: Any, key: str) -> str:
            if self._on:
                self.found.add(f"environment {key}")
            return real(this, key)

        environment.__getitem__ = read  # type: ignore[method-assign]

    def _heard(self, name: str, about: tuple[Any, ...]) -> None:
        if not self._on or name.startswith(_IGNORED):
            return
        what = str(about[0]) if about else ""
        if what.startswith(self._folder):
            # Whichever run it is, its files are its own.
            what = "a file of the folder"
        if what.isdecimal():
            what = "a descriptor"
        self.found.add(f"{name} {what}" if name in ("open", "import", "os.listdir", "os.scandir") else name)

    @contextlib.contextmanager
    def of(self) -> Iterator[set[str]]:
        self.found = found = set()
        self._on = True
        try:
            yield found
        finally:
            self._on = False


async def ask(app: App, method: str, path: str, body: bytes = b"") -> bytes:
    """One request without a socket; what was answered."""
    route, _, query = path.partition("?")
    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode())]
    headers += [(b"content-type", b"application/jsonl"), (b"content-length", b"%d" % len(body))]
    scope: MutableMapping[str, Any] = {"type": "http", "http_version": "1.1", "method": method, "scheme": "http"}
    scope |= {"path": route, "raw_path": route.encode(), "query_string": query.encode(), "root_path": ""}
    scope |= {"headers": headers, "server": ("localhost", 80), "client": ("127.0.0.1", 1), "asgi": {"version": "3.0"}}
    given = iter([{"type": "http.request", "body": body, "more_body": False}])
    parts: list[bytes] = []
    statuses: list[int] = []

    async def receive() -> Any:
        for message in given:
            return message
        await asyncio.sleep(3_600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])
        parts.append(message.get("body", b""))

    await asyncio.wait_for(app(scope, receive, send), 60)
    assert statuses[0] in (200, 201), (path, statuses, parts)
    return b"".join(parts)


async def open_everywhere(app: App, folder: Path, run: str) -> None:
    path = folder / f"{run}.jsonl"
    loaded = tracer.load(path)
    assert len(loaded.spans) > 200
    assert len(loaded.events) > 700
    assert CliRunner().invoke(cli, ["show", str(path)]).exit_code == 0
    for form in ("events", "text") if "export" in cli.commands else ():
        assert CliRunner().invoke(cli, ["export", str(path), "--format", form]).exit_code == 0
    for route in ("", "/log", "/log?from=0&to=50", "/log?from=0&to=50&whole=1", "/events"):
        assert await ask(app, "GET", f"/api/runs/{run}{route}")
    for route in ("/", f"/runs/{run}", "/api/runs", "/api/runs?q=etc", "/api/chains"):
        assert await ask(app, "GET", route)
    imported = json.loads(await ask(app, "POST", "/api/runs/import?name=x", path.read_bytes()))["run"]
    assert await ask(app, "GET", f"/api/runs/{imported}/events")


async def main(folder: Path) -> None:
    store = Store(folder)
    app = create_app(store, Runner(store, Chains([])), Chains([]), Gate(TOKEN))
    for name, values in (("sound", iter(lambda: {"text": "quiet"}, None)), ("hostile", payloads())):
        (folder / f"{name}.jsonl").write_bytes(log(values))
    await open_everywhere(app, folder, "sound")
    notes = Notes(folder)
    found: dict[str, list[str]] = {}
    for name in ("sound", "hostile"):
        with notes.of() as seen:
            await open_everywhere(app, folder, name)
        found[name] = sorted(seen)
    if len(sys.argv) > 2:
        # To see that the notes are taken at all.
        with notes.of() as seen:
            _deeds()
        found["deeds"] = sorted(seen)
    print(json.dumps(found))


def _deeds() -> None:
    import socket
    import subprocess
    import this as _  # noqa: F401

    with contextlib.redirect_stdout(io.StringIO()):
        os.environ.get("HOME")
        socket.socket().close()
        subprocess.run(["true"], check=True)
        Path("/etc/hostname").exists() and Path("/etc/hostname").read_bytes()
        exec("1")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).resolve()))
