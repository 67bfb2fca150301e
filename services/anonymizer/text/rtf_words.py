"""The control words of Rich Text Format that decide what is read. Pure.

Source: Rich Text Format Specification 1.9.1: Special Characters, Destinations, Font Table.
"""

from collections.abc import Mapping
from typing import Final

APART: Final = frozenset("header headerl headerr headerf footer footerl footerr footerf footnote annotation".split())
"""Destinations whose text stands apart from that around them."""
SIGNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("par", "line", "sect", "page", "column", "row", "nestrow", *APART), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    **dict.fromkeys(("emspace", "enspace", "qmspace"), " "),
    **dict(zip("emdash endash bullet lquote rquote ldblquote rdblquote".split(), "—–•‘’“”", strict=True)),
}
SYMBOLS: Final = {"~": " ", "_": "-", "-": "", "|": "", ":": "", "\n": "\n", "\r": "\n", "\t": "\t"}
SKIPPED: Final = frozenset(
    "fonttbl colortbl stylesheet info filetbl revtbl fldinst nonshppict sp themedata datastore objdata pict".split()
)
SHOWN: Final = frozenset("shpinst shppict annotation footnote".split())
"""Destinations that are read although they begin with \\*."""
PICTURES: Final = frozenset({"pict", "objdata"})
REFUSED: Final = {"deleted": "deleted text", "mmath": "an equation"}
CHARACTER_SETS: Final[Mapping[str, str]] = dict(
    each.split("=")
    for each in "0=cp1252 77=mac_roman 128=cp932 129=cp949 130=johab 134=gbk 136=cp950 161=cp1253 162=cp1254 "
    "163=cp1258 177=cp1255 178=cp1256 186=cp1257 204=cp1251 222=cp874 238=cp1250 254=cp437 2=symbol".split()
)
"""fcharset → codec; 1 is the document's. Of a symbol font only the bullet is known."""
