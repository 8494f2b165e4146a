"""Every setting, once: its name, its default, and what it does. The README lists them all."""

from __future__ import annotations

import os
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """`option` is its flag ("" where it has none), `variable` its name in the environment."""

    name: str
    default: Any
    help: str
    option: str
    variable: str


SETTINGS = (
    Setting("dir", "runs", "Folder that holds the runs, one file each.", "--dir", "TRACER_DIR"),
    Setting("host", "127.0.0.1", "Address to listen on.", "--host", "TRACER_HOST"),
    Setting("port", 8765, "Port to listen on; 0 takes a free one.", "--port", "TRACER_PORT"),
    Setting(
        "allow_host",
        (),
        "Further host name under which the page may be asked for; may be repeated.",
        "--allow-host",
        "TRACER_ALLOW_HOST",
    ),
    Setting(
        "allow_remote",
        False,
        "Allow a --host beyond this machine: whoever has the token can then run the chains.",
        "--allow-remote",
        "TRACER_ALLOW_REMOTE",
    ),
    Setting(
        "token",
        None,
        "Token the page asks for; without it, one is made and kept in DIR/.token.",
        "--token",
        "TRACER_TOKEN",
    ),
    Setting(
        "open",
        None,
        "Open the page in a browser; without it, only where there is a desktop.",
        "--open/--no-open",
        "TRACER_OPEN",
    ),
    Setting(
        "keep",
        None,
        "Keep so many runs (100), or those of so many days (30d); older ones are deleted, starred ones never.",
        "--keep",
        "TRACER_KEEP",
    ),
    Setting(
        "fsync",
        False,
        "Show a line only once the disk keeps it: no loss of power loses what was seen.",
        "--fsync",
        "TRACER_FSYNC",
    ),
    Setting("reload", False, "Start anew whenever a Python file changes.", "--reload", "TRACER_RELOAD"),
    Setting("factory", False, "CHAIN is called, and gives the chain.", "--factory", "TRACER_FACTORY"),
    Setting(
        "openai_api_key",
        None,
        "With it, the demo chains ask the real API; without, a scripted one on this machine.",
        "",
        "OPENAI_API_KEY",
    ),
    Setting("openai_base_url", None, "Another OpenAI-compatible API for the demo chains.", "", "OPENAI_BASE_URL"),
    Setting("demo_model", "gpt-4o-mini", "Model of the demo chains.", "", "TRACER_DEMO_MODEL"),
    Setting(
        "demo_pace",
        1,
        "What the delays of the scripted answers are multiplied by; 0 is no delay.",
        "",
        "TRACER_DEMO_PACE",
    ),
    Setting(
        "redact",
        True,
        "Take secrets out of what is recorded, before it reaches the disk.",
        "--redact/--no-redact",
        "TRACER_REDACT",
    ),
    Setting(
        "redact_patterns",
        None,
        "More of what is secret: lines `kind=regex`, or `@FILE` with such lines.",
        "",
        "TRACER_REDACT_PATTERNS",
    ),
    Setting(
        "redact_function",
        None,
        "`module:function` that is asked about every text: `(text, key)` → the text that is recorded.",
        "",
        "TRACER_REDACT_FUNCTION",
    ),
    Setting(
        "max_string", 16_777_216, "Characters of one text that are recorded; more is cut.", "", "TRACER_MAX_STRING"
    ),
    Setting("max_items", 100_000, "Entries of one list or dict that are recorded.", "", "TRACER_MAX_ITEMS"),
    Setting("max_values", 500_000, "Values in one event that are recorded.", "", "TRACER_MAX_VALUES"),
    Setting("max_depth", 100, "Levels of one value that are recorded; 150 at most.", "", "TRACER_MAX_DEPTH"),
    Setting("max_bytes", 32_000_000, "Bytes that one value takes in a run's file at most.", "", "TRACER_MAX_BYTES"),
    Setting(
        "max_repr",
        4_096,
        "Characters of a repr, and bytes of bytes, that are recorded.",
        "",
        "TRACER_MAX_REPR",
    ),
    Setting("max_seconds", 1, "Seconds that recording one value may take; then it is cut.", "", "TRACER_MAX_SECONDS"),
    Setting(
        "max_import", 2_147_483_648, "Bytes of a file that is sent to the server to be kept.", "", "TRACER_MAX_IMPORT"
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}


def is_on(name: str) -> bool:
    """Whether this setting is switched on in the environment, by what its option takes there too."""
    return os.environ.get(BY_NAME[name].variable, "").strip().lower() in ("1", "true", "t", "yes", "y", "on")
