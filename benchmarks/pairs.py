"""Ratios of times taken side by side: what their median is, how sure that is, and when to stop measuring."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from random import Random

ENOUGH = 200
"""Pairs after which the median is taken as it is."""
WIDTH = 0.02
"""Half of the 95 % interval that is narrow enough before that."""
FEWEST = 20
"""Below that an interval says nothing."""
_RESAMPLES = 2_000


def interval(ratios: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the median: the bootstrap's percentiles."""
    if len(ratios) < 2:
        return -math.inf, math.inf
    draw = Random(seed).choices
    medians = sorted(statistics.median(draw(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
    return medians[round(0.025 * _RESAMPLES)], medians[round(0.975 * _RESAMPLES) - 1]


def is_enough(ratios: Sequence[float]) -> bool:
    """Whether the rule says stop: 200 pairs, or an interval within ± 0.02."""
    if len(ratios) >= ENOUGH:
        return True
    if len(ratios) < FEWEST:
        return False
    low, high = interval(ratios)
    return high - low <= 2 * WIDTH


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which this part of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
