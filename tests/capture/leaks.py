"""Looking for planted secrets in bytes."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable

from tests.capture.planted import Planted

_BASE64 = re.compile(rb'"base64":"([A-Za-z0-9+/=]*)"')
_PIECE = 24


def leaks(raw: bytes, planted: Iterable[Planted]) -> set[str]:
    """Names of the secrets of which there is a copy, or a longer piece, in these bytes, however it is quoted."""
    decoded = []
    for found in _BASE64.finditer(raw):
        try:
            decoded.append(base64.b64decode(found[1]))
        except binascii.Error:
            continue
    # Whatever was escaped, once or more: without backslashes (and the n of a line's end) it is the same.
    searched = b"\n".join((raw, *decoded))
    flat = re.sub(rb"\\+n?|\n", b"", searched)
    return {one.name for one in planted if any(form in searched or form in flat for form in _forms(one.secret))}


def _forms(secret: str) -> set[bytes]:
    forms = {secret, json.dumps(secret)[1:-1], secret.replace("\n", ""), re.sub(r"\n", "", secret)}
    flat = secret.replace("\n", "")
    if len(flat) >= 2 * _PIECE:
        forms |= {flat[at : at + _PIECE] for at in range(0, len(flat) - _PIECE + 1, _PIECE)}
    return {form.encode() for form in forms}
