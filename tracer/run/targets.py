"""From what a person types (`pkg.mod:attr`, `file.py:attr`, a module, a file) to live Runnables."""

from __future__ import annotations

import ast
import asyncio
import difflib
import importlib
import importlib.util
import inspect
import itertools
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from langchain_core.runnables import Runnable

# Frames of these files stand between us and the user's code.
_OURS = {
    __file__,
    importlib.__file__,
    importlib.util.__file__,
    asyncio.runners.__file__,
    asyncio.base_events.__file__,
}
T = TypeVar("T")


class ChainError(Exception):
    """A CHAIN that cannot be served. `str(error)` is one line for the person who typed it.

    `traceback` is the user's own traceback, without our frames, where their code failed; else None.
    """

    def __init__(self, message: str, traceback: str | None = None) -> None:
        # What was typed stands in it, line breaks and all.
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))
        self.traceback = traceback


@dataclass(frozen=True)
class Found:
    """One Runnable, the module and attribute it was found under, and what its author says of it."""

    module: str
    attr: str
    runnable: Runnable[Any, Any]
    description: str


def find(target: str, *, factory: bool = False) -> list[Found]:
    """The Runnables `target` names: one for `…:attr`, all of them for a module or a file alone.

    With `factory`, the attribute is called without arguments (and awaited where it is async).
    Raises ChainError.
    """
    place, attr = _split(target)
    _working_folder_first()
    module = _load_file(place) if _is_file(place) else _load_module(place, target)
    if attr:
        value = _attribute(module, attr, target)
        runnable, doc = _as_runnable(value, module, attr, target, factory)
        return [Found(module.__name__, attr, runnable, doc or _said_of(module).get(attr, ""))]
    if factory:
        raise ChainError(f"--factory needs the name of what to call: {target}:ATTRIBUTE")
    said = _said_of(module)
    found = [
        Found(module.__name__, name, value, _description(value) or said.get(name, ""))
        for name, value in _runnables(module)
    ]
    if not found:
        raise ChainError(f"{target} holds no Runnable as a module attribute; name one as {target}:ATTRIBUTE")
    return found


def _split(target: str) -> tuple[str, str]:
    place, colon, attr = target.rpartition(":")
    if not colon or "/" in attr or "\\" in attr:  # the colon of C:\…, not of an attribute
        place, attr = target, ""
    elif not attr:
        raise ChainError(f"{target!r} ends in a colon: name the attribute, or leave the colon out")
    if not place.strip():
        raise ChainError(f"{target!r} names no module: write pkg.mod:attr or file.py:attr")
    return place, attr


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _working_folder_first() -> None:
    # What `python -m` would do: the console script's own folder is not where the user's code is.
    cwd = str(Path.cwd())
    if cwd not in sys.path:
        sys.path.insert(0, cwd)


def _load_module(name: str, target: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ChainError(f"{name!r} is not the name of a module: write pkg.mod:attr or file.py:attr")
    importlib.invalidate_caches()
    try:
        return _run_user_code(lambda: importlib.import_module(name), name)
    except ModuleNotFoundError as error:
        raise ChainError(_no_such_module(name, target, error)) from None


def _load_file(place: str) -> ModuleType:
    path = Path(place)
    if path.is_dir():
        raise ChainError(f"{place} is a folder: name a file in it, or the package as pkg.mod")
    if not path.is_file():
        raise ChainError(f"no such file: {place}" + _did_you_mean(path.name, _python_files(path.parent)))
    path = path.resolve()
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():  # a package's file needs its package for relative imports
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    if len(parts) > 1 or path.name == "__init__.py":
        return _load_module(name, place)
    known = sys.modules.get(name)
    if known is not None and _same_file(known, path):
        return known
    if known is not None or name in sys.stdlib_module_names:
        name = f"{folder.name}.{name}"
        known = sys.modules.get(name)
        if known is not None and _same_file(known, path):
            return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ChainError(f"{place} is not a Python file")
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    # Registered before it runs, as import does: pydantic and dataclasses look their module up by name.
    sys.modules[name] = module
    try:
        _run_user_code(lambda: loader.exec_module(module), place)
    except ModuleNotFoundError as error:  # cannot come from our own look-up: the file is there
        raise _failed(place, error) from None
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _same_file(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and Path(str(file)).resolve() == path


def _run_user_code(call: Callable[[], T], what: str) -> T:
    """`call()`; what the user's code raises becomes a ChainError with their traceback.

    A module that is itself missing passes as ModuleNotFoundError: no frame of the user's stands in it.
    """
    try:
        return call()
    except ChainError:
        raise
    except ModuleNotFoundError as error:
        if not _own_frames(traceback.extract_tb(error.__traceback__)):
            raise
        raise _failed(what, error) from None
    except (Exception, SystemExit) as error:
        raise _failed(what, error) from None


def _failed(what: str, error: BaseException) -> ChainError:
    said = traceback.format_exception_only(error)[-1].strip().splitlines()
    return ChainError(f"{what} could not be loaded: {said[0] if said else type(error).__name__}", _their(error))


def _own_frames(frames: Iterable[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """The frames that are neither ours nor the import machinery's."""
    return [frame for frame in frames if frame.filename not in _OURS and "<frozen " not in frame.filename]


def _their(error: BaseException) -> str:
    shown = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = shown
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.stack = traceback.StackSummary.from_list(_own_frames(link.stack))
        link = link.__cause__ or link.__context__
    return "".join(shown.format())


def _attribute(module: ModuleType, attr: str, target: str) -> Any:
    value: Any = module
    for part in attr.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            holder = target.rpartition(":")[0]
            names = [name for name, _ in _runnables(value)] or [n for n in dir(value) if not n.startswith("_")]
            raise ChainError(f"{holder} has no attribute {attr!r}" + _did_you_mean(part, names)) from None
        except Exception as error:
            raise _failed(target, error) from None
    return value


def _as_runnable(
    value: Any, module: ModuleType, attr: str, target: str, factory: bool
) -> tuple[Runnable[Any, Any], str]:
    doc = ""
    if factory and not isinstance(value, Runnable):
        if not callable(value):
            raise ChainError(f"{target} is no factory: {_what(value)} cannot be called")
        doc = inspect.getdoc(value) or ""
        value = _run_user_code(lambda: _call(value, target), target)
    if isinstance(value, Runnable):
        return value, _description(value) or doc
    raise ChainError(f"{target} {_not_a_runnable(value, factory)}" + _others(module, attr))


def _call(value: Callable[[], Any], target: str) -> Any:
    try:
        inspect.signature(value).bind()
    except ValueError:  # a callable without a readable signature: calling it will tell
        pass
    except TypeError as error:
        raise ChainError(f"{target} cannot be called without arguments: {error}") from None
    result = value()
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(value: Any) -> Any:
    return await value


def _not_a_runnable(value: Any, factory: bool) -> str:
    what = _what(value)
    if factory:
        return f"is no factory of a Runnable: it returned {what}"
    if isinstance(value, ModuleType):
        return f"is not a Runnable but a module; name an attribute of it: {value.__name__}:ATTRIBUTE"
    if isinstance(value, type) and issubclass(value, Runnable):
        return f"is not a Runnable but the class {value.__name__}; name an instance of it"
    if hasattr(value, "compile") and hasattr(value, "add_node"):
        return f"is not a Runnable but {what}; name what its .compile() returns"
    if callable(value):
        return f"is not a Runnable but {what}; wrap it in RunnableLambda, or add --factory if it returns one"
    return f"is not a Runnable but {what}"


def _what(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _others(module: ModuleType, attr: str) -> str:
    names = [name for name, _ in _runnables(module) if name != attr]
    return f" (Runnables there: {', '.join(names[:8])})" if names else ""


def _runnables(holder: Any) -> list[tuple[str, Runnable[Any, Any]]]:
    """The public attributes of a module that are Runnables, in the order they were defined."""
    attributes = getattr(holder, "__dict__", {})
    public = attributes.get("__all__")
    names: Sequence[str] = [n for n in attributes if isinstance(n, str) and not n.startswith("_")]
    if isinstance(holder, ModuleType) and isinstance(public, list | tuple):
        names = [name for name in public if name in attributes]
    return [(name, attributes[name]) for name in names if isinstance(attributes[name], Runnable)]


def _description(runnable: Runnable[Any, Any]) -> str:
    # Not `__doc__`: an instance answers with its class's, which says nothing of this chain.
    said = getattr(runnable, "description", None)
    return said.strip() if isinstance(said, str) else ""


def _said_of(module: ModuleType) -> dict[str, str]:
    """The strings standing under module attributes, as Sphinx and editors read them."""
    try:
        body = ast.parse(inspect.getsource(module)).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return {}
    said: dict[str, str] = {}
    for statement, after in itertools.pairwise(body):
        if not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)):
            continue
        names = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for name in names:
            if isinstance(name, ast.Name) and isinstance(after.value.value, str):
                said[name.id] = inspect.cleandoc(after.value.value)
    return said


def _no_such_module(name: str, target: str, error: ModuleNotFoundError) -> str:
    missing = error.name or name
    said = f"no module named {missing!r}"
    if "is not a package" in str(error):
        said += f": {missing.rpartition('.')[0]} is not a package"
    head, _, last = name.rpartition(".")
    if ":" not in target and head in sys.modules and hasattr(sys.modules[head], last):
        return f"{said}: did you mean {head}:{last}?"
    parent, _, wanted = missing.rpartition(".")
    if parent:
        paths = getattr(sys.modules.get(parent), "__path__", [])
        names = [f"{parent}.{info.name}" for info in pkgutil.iter_modules(paths)]
        return said + _did_you_mean(missing, names)
    here = Path.cwd()
    names = [name.removesuffix(".py") for name in _python_files(here)]
    names += [folder.parent.name for folder in here.glob("*/__init__.py")]
    return f"{said} (looked in {here} and in this Python)" + _did_you_mean(wanted, names)


def _python_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []


def _did_you_mean(wanted: str, names: Iterable[str]) -> str:
    names = sorted(set(names))
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if close:
        return f": did you mean {close[0]!r}?"
    return f": there are {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else ""
