"""Reduce an attachment to the plain text that can be cleaned."""

import codecs
import re

from services.anonymizer.text.rtf import rtf_text
from shared.text import iso_2022_jp, japanese
from shared.text.html import html_text

_PLAIN = frozenset({"text/plain", "text/markdown", "text/csv", "text/tab-separated-values"})
_RTF = frozenset({"text/rtf", "text/richtext", "application/rtf", "application/x-rtf"})


def plain_text(data: bytes, content_type: str) -> str | None:
    """Return the text of text/plain, or of text/html and text/rtf without their markup; None for everything else.

    Raises Refused: RTF that cannot be read.
    Raises LookupError or ValueError: the declared character set is unknown or does not fit.
    """
    kind, _, parameters = content_type.partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters)
    if kind.strip() in _PLAIN:
        return _decoded(data, charset[1] if charset else "")
    if kind.strip() in ("text/html", "application/xhtml+xml"):
        return html_text(_decoded(data, charset[1] if charset else ""))
    if kind.strip() in _RTF:
        return rtf_text(data)
    return None


def _decoded(data: bytes, charset: str) -> str:
    """Return the text in the declared character set, else in the first that fits of those in use in Japan."""
    if iso_2022_jp.is_used(data):
        text = iso_2022_jp.decode(data)
        return data.decode("iso2022_jp_ext") if text is None else text
    if charset and (codecs.lookup(charset).name != "iso8859-1" or japanese.may_be_latin_1(data)):
        return data.decode(charset).removeprefix("\ufeff")
    for codec in ("utf-8-sig", "cp932"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode("euc_jp")
