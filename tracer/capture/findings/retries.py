"""`retry_off`: `.with_retry()` does nothing while it is streamed."""

from __future__ import annotations

from langchain_core.runnables.retry import RunnableRetry

from .notes import Notes
from .step import Step

_NO_FAILURES = frozenset({"GraphInterrupt", "NodeInterrupt", "ParentCommand"})
"""Exceptions by which LangGraph talks to itself."""


def failed(step: Step, error: BaseException, notes: Notes) -> None:
    retry = step.retry
    if retry.max_attempt_number < 2 or type(error).__name__ in _NO_FAILURES or not _would_retry(retry, error):
        return
    notes.add(
        "retry_off",
        step.span,
        f"{step.name} failed with {type(error).__name__} and was not tried again: .with_retry() does nothing while the "
        f"chain is streamed. Called, it would have been tried {retry.max_attempt_number} times.",
        "Put the retry into the model's own client (max_retries), or call the step from a function with ainvoke, or "
        "add .with_fallbacks(), which works up to the first token.",
        {"error": type(error).__name__, "attempts": retry.max_attempt_number},
    )


def _would_retry(retry: RunnableRetry[object, object], error: BaseException) -> bool:
    wanted = retry.retry_exception_types
    if isinstance(wanted, tuple):
        return isinstance(error, wanted)
    return bool(wanted(error))
