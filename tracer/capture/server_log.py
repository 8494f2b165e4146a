"""What Python's logging prints in a process that serves chains: exceptions quote what chains saw, so it is redacted."""

from __future__ import annotations

import logging
import threading
import traceback

from .rules import Redact

_LOGGERS = ("tracer", "asyncio", "uvicorn.error", "sse_starlette.sse")


class SecretFilter(logging.Filter):
    """Takes secrets out of a record's message and traceback; lets every record pass."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact
        self._busy = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(self._busy, "on", False):
            return True  # the redaction's own complaint
        self._busy.on = True
        try:
            try:
                said = record.getMessage()
            except Exception:  # a message that does not fit its arguments
                said = str(record.msg)
            record.msg, record.args = self._redact(said, "text"), ()
            if record.exc_info and record.exc_info[0] is not None:
                told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
                record.exc_info, record.exc_text = None, self._redact(told, "text")
            if record.stack_info:
                record.stack_info = self._redact(record.stack_info, "text")
        finally:
            self._busy.on = False
        return True


def keep_secrets_out(redact: Redact) -> SecretFilter:
    """Filter our own loggers, those of what we run on, and whatever is printed because nobody set up logging."""
    kept_out = SecretFilter(redact)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(kept_out)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(kept_out)
    return kept_out
