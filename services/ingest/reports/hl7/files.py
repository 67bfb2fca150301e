"""Files that an OBX encloses (ED) or points at (RP): texts are read, all others left behind. Pure.

Source: HL7 v2.5 2.A.24 (ED), 2.A.65 (RP), tables 0191 (type), 0291 (subtype), 0299 (encoding).
"""

from services.ingest.reports.enclosed import decoded_base64, plain_source
from services.ingest.reports.hl7.message import Segment, Value
from shared.errors import Invalid
from shared.text.rtf_source import rtf_source


def enclosed_text(segment: Segment) -> str | None:
    """Return the text that OBX-5 encloses, plain or in RTF; None if it encloses anything else.

    Raises Invalid: characters that cannot be read.
    """
    texts = [_text(each) for each in segment.repetitions(5)] if segment.text(2).upper() == "ED" else []
    if not texts or any(text is None for text in texts):
        return None
    return "\n".join(text for text in texts if text)


def content_type(segment: Segment) -> str:
    """Return the media type of a file: type and subtype, only as words of our own."""
    words = _words(next(iter(segment.repetitions(5)), Value("", segment)))
    if "image" in words or "im" in words or words & {"jpeg", "jpg", "png", "tiff", "gif", "bmp"}:
        return "image/jpeg"
    return "application/pdf" if "pdf" in words else "application/octet-stream"


def _words(value: Value) -> set[str]:
    return {value.text(2).lower(), value.text(3).lower()}


def _text(value: Value) -> str | None:
    is_rtf = "rtf" in _words(value)
    is_plain = value.text(2).lower() in ("text", "tx", "ft") and value.text(3).lower() in ("", "plain", "txt", "text")
    if not (is_rtf or is_plain):
        return None
    encoding = value.text(4).lower()
    if encoding in ("", "a"):
        return value.text(5)
    data = _bytes(value.text(5), encoding)
    return rtf_source(data) if is_rtf else plain_source(data, ("utf-8-sig", value.segment.codec, "cp932"))


def _bytes(text: str, encoding: str) -> bytes:
    if encoding == "base64":
        return decoded_base64(text)
    try:
        return bytes.fromhex(text) if encoding == "hex" else _unknown()
    except ValueError as error:
        raise Invalid("bad-characters", "a file that is enclosed is not hexadecimal (HL7 v2.5 table 0299)") from error


def _unknown() -> bytes:
    raise Invalid("bad-value-type", "ED.4 is none of the encodings of HL7 v2.5 table 0299")
