"""Plain characters for terminals that cannot show others, such as those of ``LANG=C``."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

HANDLER = "landscape.plain"
"""The name of the error handler of encodings: it writes ``x`` for ``×`` and ``...`` for ``…``."""

_PLAIN = {
    **{"×": "x", "…": "...", "−": "-", "–": "-", "—": "-", "‑": "-", "·": "*", "•": "*"},
    **{"±": "+-", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "→": "->", "∞": "inf", "√": "sqrt"},
    **{"‖": "||", "Σ": "sum ", "µ": "u", "μ": "u", "λ": "lambda", "δ": "delta", "η": "eta"},
    **{"ε": "eps", "σ": "sigma", "Δ": "Delta", "‘": "'", "’": "'", "“": '"', "”": '"'},
    **{"○": "o", "●": "*", "□": "[]", "◆": "<>", "▨": "///", "▩": "xxx", "▤": "---"},
    **{"⁻": "-", "\u200b": "", "\u202f": " "},
}
_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"


def plain(text: str) -> str:
    """Text in ASCII, as close to what is meant as it can be.

    >>> plain("5.7×10⁻⁴ ± 0.1 … naïve ☃")
    '5.7x10^-4 +- 0.1 ... naive \\\\u2603'
    """
    written = []
    for k, character in enumerate(text):
        if character in _RAISED and (k == 0 or text[k - 1] not in _RAISED):
            written.append("^")
        written.append(_one(character))
    return "".join(written)


def _one(character: str) -> str:
    if character.isascii():
        return character
    found = _PLAIN.get(character)
    if found is not None:
        return found
    parts = unicodedata.normalize("NFKD", character)
    return parts.encode("ascii", "ignore").decode() or ascii(character)[1:-1]


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    # A byte of a file name that was not text: written as it is.
    if "\udc80" <= lost[0] <= "\udcff":
        return bytes([ord(lost[0]) - 0xDC00]), error.start + 1
    return plain(lost), error.end


def write_what_can_be_shown() -> None:
    """Let the standard streams write plain characters where their encoding lacks others."""
    codecs.register_error(HANDLER, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors != HANDLER:
            stream.reconfigure(errors=HANDLER)
