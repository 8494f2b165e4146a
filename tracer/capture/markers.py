"""The markers for what JSON cannot say, and text made safe for it. docs/format.md lists them."""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

Json = Any

LONGEST_NAME = 200
_DECIMAL_BITS = 2_000
"""str() of an int refuses more digits than the interpreter is told (640 at least); hex() does not."""
_EXITING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]
"""Signals whose handlers may end the program by an exception."""
_MODULE, _QUALNAME = type.__dict__["__module__"], type.__dict__["__qualname__"]


def mark(marker: str, **about: Json) -> dict[str, Json]:
    return {"$tracer": marker, **about}


def text(make: Callable[[], str], limit: int) -> str:
    """What `make` (the value's own code) gives, at most `limit` characters that JSON can say; or what it raised."""
    try:
        # A str subclass has methods of its own; the slice is a plain str, and short before anything is copied.
        return safe(str.__getitem__(make(), slice(0, limit)))
    except BaseException as error:
        if from_outside(error):
            raise
        return f"<unprintable: {type_name(type(error))}>"


def safe(value: str) -> str:
    """The text with half surrogate pairs written as escapes."""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()


def shorten(value: str, limit: int) -> str:
    """The head and the tail of a long text; more of the tail, where tracebacks say what happened."""
    if len(value) <= limit:
        return value
    head = limit // 3
    return f"{value[:head]}\n… {len(value) - limit:,} characters cut …\n{value[head - limit :]}"


def is_whole(value: str) -> bool:
    """Whether UTF-8 can say it: no half of a surrogate pair in it."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def surrogate(value: str) -> Json:
    """Half of a pair, cut apart by streaming: as JSON text it stays readable, and pieces can be joined again."""
    return mark("surrogate", json=json.dumps(value)[1:-1])


def integer(value: int, limit: int) -> Json:
    """An int beyond 64 bits: decimal, hexadecimal where it is long, its head where it is longer still."""
    bits = value.bit_length()
    if bits <= _DECIMAL_BITS:
        return mark("int", value=str(value))
    if bits <= 4 * limit:
        return mark("int", value=hex(value))
    # By whole digits, so that they are the first ones of hex(value).
    head = hex(abs(value) >> (bits - 4 * limit + 3) // 4 * 4)
    return mark("cut", kind="int", size=bits, head="-" + head if value < 0 else head)


def number(value: float) -> Json:
    """NaN and the infinities."""
    if math.isnan(value):
        return mark("nan")
    return mark("inf" if value > 0 else "-inf")


def key(name: str) -> str:
    """A key that no reader takes for a marker's."""
    return "$" + name if name.startswith("$") and name.lstrip("$") == "tracer" else name


def type_name(kind: type) -> str:
    """`module.Class`, without the module where it is a builtin. Runs no code of a metaclass."""
    module, name = _MODULE.__get__(kind), _QUALNAME.__get__(kind)
    if not issubclass(type(module), str):
        module = "?"
    module, name = (safe(str.__getitem__(part, slice(0, LONGEST_NAME))) for part in (module, name))
    return name if module == "builtins" else f"{module}.{name}"[-LONGEST_NAME:]


def from_outside(error: BaseException) -> bool:
    """Whether it is Ctrl-C or an exit by a signal that came while a value was encoded; what a value raises is not."""
    # Signals reach the main thread only. KeyboardInterrupt comes out of C there, with nothing in its traceback to
    # tell it by; another exception by way of a handler that is Python code.
    if isinstance(error, Exception) or threading.get_ident() != threading.main_thread().ident:
        return False
    if isinstance(error, KeyboardInterrupt):
        return True
    handlers = [getattr(signal.getsignal(number), "__code__", None) for number in _EXITING]
    at: TracebackType | None = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        if any(code is handler for handler in handlers):
            return True
        at = at.tb_next
    return False
