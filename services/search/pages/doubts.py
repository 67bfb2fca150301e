"""What a person reads of a doubt about a text that was typed: the linker says it as a word. Pure."""

from collections.abc import Mapping
from typing import Final

from shared.web.language import translatable

DOUBTS: Final[Mapping[str, str]] = {
    "institution": translatable("it may name a hospital or another institution"),
    "department": translatable("it may name a department"),
    "date": translatable("it has a date"),
    "time": translatable("it has a time of day"),
    "relative_date": translatable("it says how long ago something was"),
    "age": translatable("it says an age"),
    "uid": translatable("it has a UID"),
    "long-number": translatable("it has a long number"),
    "surname-in-text": translatable("it has a word that is also a surname"),
    "eponym": translatable("it has a term that is also a surname"),
    "": translatable("it may identify somebody"),
}
"""Reason → sentence; that of no other reason is behind the empty one."""
