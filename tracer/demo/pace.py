"""How fast the demo goes: the environment's TRACER_DEMO_PACE."""

from __future__ import annotations

import os


def pace() -> float:
    """What every scripted delay is multiplied by: 1 is a human pace, 0 no delay. Raises ValueError."""
    said = os.environ.get("TRACER_DEMO_PACE") or "1"
    try:
        number = float(said)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise ValueError(f"TRACER_DEMO_PACE is {said!r}: give a number from 0 (at once) to 100; 1 is a human pace")
    return number
