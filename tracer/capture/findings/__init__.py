"""What is wrong with this chain, in words: each kind of finding in a file of its own, told in docs/findings.md."""

from .watch import Findings

__all__ = ["Findings"]
