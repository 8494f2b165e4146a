"""The times between chunks in constant memory. Twin of static/js/gaps.js: integers only, so both say the same."""

from __future__ import annotations

_FINE = 16
"""Buckets to a doubling: a quantile is at most 1/16 above the true value."""
_BITS = 5
"""Of the largest gap that has a bucket of its own: twice `_FINE`, less one."""
_MOST = (1 << 31) - 1


class Gaps:
    """Counts times (microseconds, up to 35 minutes apiece) by buckets that grow with them."""

    __slots__ = ("_buckets", "count", "longest_us")

    def __init__(self) -> None:
        self.count = 0
        self.longest_us = 0
        self._buckets: dict[int, int] = {}

    def add(self, gap_us: int) -> None:
        if gap_us > self.longest_us:
            gap_us = min(gap_us, _MOST)
            self.longest_us = gap_us
        self.count += 1
        doublings = gap_us.bit_length() - _BITS
        bucket = gap_us if doublings <= 0 else doublings * _FINE + (gap_us >> doublings)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def quantile_us(self, percent: int) -> int:
        """The upper bound of the bucket that holds this share of the gaps; 0 without any."""
        wanted, seen = (self.count * percent + 99) // 100, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(_upper(bucket), self.longest_us)
        return 0


def _upper(bucket: int) -> int:
    """The largest value in the bucket."""
    doublings = max(0, bucket // _FINE - 1)
    return ((bucket - doublings * _FINE + 1) << doublings) - 1
