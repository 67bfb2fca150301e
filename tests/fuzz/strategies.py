"""Nonsense that is nearly sense: real bytes with damage, and requests made of real parts in wrong places."""

from hypothesis import strategies as st

BOUNDARY = b"fuzz-boundary"
DICOM = "application/dicom"
UIDS = [
    "1.2.840.113619.2.1",
    "1.2.3",
    "1.2.3.4.5.6.7.8.9",
    "0",
    "1..2",
    "1.02",
    "9" * 64,
    "9" * 65,
    "../..",
    "%00",
    "*",
]
MARKS = [b"\r\n--" + BOUNDARY, b"\xfe\xff\x00\xe0", b"\xff" * 4, b"\0" * 8, b"SQ\0\0"]
LENGTHS = [b"\xff" * 4, b"\0\0\0\0", b"\xfe\xff\xff\x7f", b"\x01\0\0\0"]
HEADS = [b"Content-Type: application/dicom", b"", b"Content-Type: text/plain", b"X" * 200, b"\xff\xfe: \0"]
ENDS = [b"--" + BOUNDARY + b"--\r\n", b"--" + BOUNDARY + b"\r\n", b"", b"--" + BOUNDARY]
KINDS = [
    f'multipart/related; type="{DICOM}"; boundary={BOUNDARY.decode()}',
    f"multipart/related; type={DICOM}; boundary={BOUNDARY.decode()}",
    f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY.decode()}',
    f'multipart/related; type="application/dicom+xml"; boundary={BOUNDARY.decode()}',
    "multipart/related; boundary=",
    "multipart/related",
    DICOM,
    "text/html",
    "",
    ";;;",
]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes with some overwritten, left out, repeated or put in, and perhaps cut short."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.integers(0, 64))
        kind = draw(st.sampled_from(["write", "leave out", "repeat", "put in", "lengths", "cut"]))
        if kind == "write":
            data[at : at + size] = draw(st.binary(min_size=size, max_size=size))
        elif kind == "leave out":
            del data[at : at + size]
        elif kind == "repeat":
            data[at:at] = data[at : at + size] * draw(st.integers(1, 20))
        elif kind == "put in":
            data[at:at] = draw(
                st.sampled_from([b"\r\n--" + BOUNDARY, b"\xfe\xff\x00\xe0", b"\xff" * 4, b"\0" * 8, b"SQ\0\0"])
            )
        elif kind == "lengths":
            data[at : at + 4] = draw(st.sampled_from(LENGTHS))
        else:
            del data[at:]
    return bytes(data)


@st.composite
def multipart(draw: st.DrawFn, files: list[bytes]) -> tuple[bytes, dict[str, str]]:
    """A Store request of damaged files in a damaged body, and its header fields."""
    body = bytearray()
    for data in draw(st.lists(st.sampled_from(files), max_size=3)):
        head = draw(st.sampled_from(HEADS))
        content = draw(damaged(data)) if draw(st.booleans()) else data
        body += b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"
    body += draw(st.sampled_from(ENDS))
    kind = draw(st.sampled_from(KINDS))
    whole = draw(damaged(bytes(body))) if draw(st.booleans()) else bytes(body)
    return whole, {"Content-Type": kind}


_KEYS = (
    "PatientID PatientName StudyDate 00100010 ModalitiesInStudy 00081030 includefield limit offset fuzzymatching "
    "00400275.00400009 StudyTime InstanceNumber NumberOfFrames accept 0 %"
).split()
_VALUES = [
    *"* ? CT 20200101- -20200101 20200101-20201231 99999999 - all -1 1e9 %5C %FF true 山田* ^ = \\ 00100010".split(),
    '""',
    "1.2.3,4.5.6",
    "9" * 400,
    "*" * 50 + "x",
    "0008103E,all",
]


@st.composite
def query(draw: st.DrawFn) -> str:
    """A query string of real keys and values that need not fit."""
    text = st.one_of(st.sampled_from(_VALUES), st.text(max_size=12))
    pairs = draw(st.lists(st.tuples(st.one_of(st.sampled_from(_KEYS), st.text(max_size=8)), text), max_size=5))
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in pairs)


def _quoted(text: str) -> str:
    """Percent-encode what cannot stand in a request line; leave a stray % where it is."""
    encoded = text.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if 0x21 <= b < 0x7F and b not in b"&#" else f"%{b:02X}" for b in encoded)


ACCEPTS = [
    "*/*",
    "",
    "application/dicom",
    'multipart/related; type="application/dicom"; transfer-syntax=*',
    'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.4.50',
    'multipart/related; type="image/jp2"',
    "image/jpeg;q=0.5, image/png",
    "image/gif",
    "application/zip",
    "application/dicom+json",
    'multipart/related; type="application/dicom+xml"',
    "text/html",
    'multipart/related; type="',
    ";q=2",
    "*/*;q=0",
    "video/mp4",
]
_VIEWS = (
    "window=10,20,linear window=,, window=1e400,0,sigmoid viewport=16,16 viewport=0,0 viewport=-1,9 "
    "viewport=999999,999999 viewport=8,8,1,1,4,4 quality=0 quality=101 annotation=patient iccprofile=no "
    "accept=image/png accept=%22 charset=utf-8 presentationSeriesUID=1 frame=2"
).split()
_FRAMES = ["/frames/1", "/frames/0", "/frames/1,1,1", "/frames/-1", "/frames/1,", "/frames/99999999999"]
_LEAVES = [
    *("", "/metadata", "/rendered", "/thumbnail", "/bulkdata", "/pixeldata"),
    *("/bulkdata/7FE00010", "/bulkdata/x/1", "/nothing"),
]
_SPANS = ["bytes=0-", "bytes=-1", "bytes=5-1", "bytes=0-0,4-9", "items=1", "bytes=99999999999-"]


@st.composite
def retrieval(draw: st.DrawFn, known: list[str]) -> tuple[str, dict[str, str]]:
    """A path below the root, of known or wrong UIDs, and header fields."""
    study, series, instance = (
        known if draw(st.booleans()) else [draw(st.sampled_from([*known, *UIDS])) for _ in range(3)]
    )
    path = f"/studies/{study}", f"/series/{series}", f"/instances/{instance}"
    level = "".join(path[: draw(st.integers(1, 3))])
    frames = draw(st.sampled_from(_FRAMES))
    leaf = draw(st.sampled_from([*_LEAVES, frames, f"{frames}/rendered", f"{frames}/thumbnail"]))
    view = "&".join(draw(st.lists(st.sampled_from(_VIEWS), max_size=3)))
    conditions = [{}, {"Range": draw(st.sampled_from(_SPANS))}, {"If-None-Match": "*"}, {"If-Match": '"x"'}]
    headers = {"Accept": draw(st.sampled_from(ACCEPTS)), **draw(st.sampled_from(conditions))}
    return f"{level}{leaf}?{view}", headers
