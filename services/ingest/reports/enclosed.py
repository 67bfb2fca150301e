"""Texts that a message or document encloses as a file. RTF goes on as it is written: the anonymizer reads it. Pure."""

import base64
from collections.abc import Sequence
from typing import Final

from shared.errors import Invalid

RTF_TYPES: Final = frozenset({"text/rtf", "text/richtext", "application/rtf", "application/x-rtf"})


def decoded_base64(words: str) -> bytes:
    """Return bytes in Base64, line ends between them or not; raise Invalid: they are not."""
    try:
        return base64.b64decode("".join(words.split()), validate=True)
    except ValueError as error:
        raise Invalid("bad-characters", "a file that is enclosed is not in Base64 (RFC 4648 4)") from error


def plain_source(data: bytes, codecs: Sequence[str]) -> str:
    """Return a plain text in the first codec that fits; raise Invalid if none does."""
    for codec in codecs:
        try:
            return data.decode(codec).strip()
        except (UnicodeDecodeError, LookupError):
            continue
    raise Invalid("bad-characters", f"a text that is enclosed is not {' or '.join(codecs)}")
