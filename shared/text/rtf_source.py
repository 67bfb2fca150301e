"""The bytes of Rich Text Format as the text that they are written in. Pure.

Source: Rich Text Format Specification 1.9.1, Character Set (\\ansicpg), Special Characters (\\'hh).
"""

import re
from typing import Final

_CODE_PAGE: Final = re.compile(rb"\\ansicpg(\d{1,5})(?!\d)")


def rtf_source(data: bytes) -> str:
    """Return the source in the code page that it declares; else each byte beyond ASCII as RTF's number of it."""
    page = _CODE_PAGE.search(data)
    try:
        return data.decode(f"cp{page[1].decode()}" if page else "ascii").strip()
    except (UnicodeDecodeError, LookupError):
        return "".join(chr(byte) if byte < 0x80 else f"\\'{byte:02x}" for byte in data).strip()
