"""The multipart reader against bodies that a plain writer made, cut into arbitrary chunks."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.dicom.multipart import MultipartReader, boundary_of, content_type
from shared.errors import Invalid
from tests.examples import examples

BOUNDARY = b"frontier"
DELIMITER = b"\r\n--" + BOUNDARY


class Chunks:
    """A stream that gives a body in the pieces it was told to."""

    def __init__(self, body: bytes, sizes: Sequence[int]) -> None:
        self._body = body
        self._sizes = list(sizes) or [1 << 16]
        self._turn = 0

    async def readany(self) -> bytes:
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        chunk, self._body = self._body[:size], self._body[size:]
        return chunk


def body(parts: Sequence[bytes], preamble: bytes = b"", epilogue: bytes = b"") -> bytes:
    written = preamble + b"\r\n" if preamble else b""
    for part in parts:
        written += b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n"
    return written + b"--" + BOUNDARY + b"--" + epilogue


async def read_all(data: bytes, sizes: Sequence[int] = ()) -> list[bytes]:
    reader = MultipartReader(Chunks(data, sizes), BOUNDARY)
    return [b"".join([chunk async for chunk in part.chunks()]) async for part in reader]


tricky = st.sampled_from([b"--" + BOUNDARY, b"\r\n--", b"\r\n", BOUNDARY, b"\n--" + BOUNDARY + b"\r\n", DELIMITER[:-1]])
contents = st.lists(st.one_of(st.binary(max_size=40), tricky), max_size=6).map(b"".join)


def holds_no_delimiter(part: bytes) -> bool:
    return DELIMITER not in b"\r\n" + part + b"\r\n--"


@given(
    st.lists(contents.filter(holds_no_delimiter), max_size=5),
    st.lists(st.integers(1, 50), max_size=8),
    st.sampled_from([b"", b"this is to be ignored"]),
    st.sampled_from([b"", b"\r\n", b"\r\nepilogue"]),
)
@settings(max_examples=examples(300), deadline=None)
async def test_parts_come_out_as_they_went_in(
    parts: list[bytes], sizes: list[int], preamble: bytes, epilogue: bytes
) -> None:
    found = await read_all(body(parts, preamble, epilogue), sizes)

    assert found == parts


@given(st.lists(contents.filter(holds_no_delimiter), min_size=1, max_size=3), st.data())
@settings(max_examples=examples(150), deadline=None)
async def test_a_body_cut_anywhere_is_invalid_and_never_hangs(parts: list[bytes], data: st.DataObject) -> None:
    whole = body(parts)
    cut = data.draw(st.integers(0, len(whole) - 3))

    with pytest.raises(Invalid):
        await read_all(whole[:cut], [7])


@given(st.binary(max_size=300), st.lists(st.integers(1, 20), min_size=1, max_size=4))
@settings(max_examples=examples(200), deadline=None)
async def test_rubbish_is_invalid_or_empty_and_nothing_else(rubbish: bytes, sizes: list[int]) -> None:
    try:
        await read_all(rubbish, sizes)
    except Invalid:
        return


async def test_the_boundary_counts_only_after_a_line_end() -> None:
    pixels = b"\x00--frontier\r\nstill pixels--frontier--"

    assert await read_all(body([pixels])) == [pixels]


async def test_a_boundary_that_only_begins_like_ours_is_content() -> None:
    pixels = b"a\r\n--frontiers are far\r\nb"

    assert await read_all(body([pixels]), [3]) == [pixels]


async def test_unread_parts_are_skipped() -> None:
    reader = MultipartReader(Chunks(body([b"x" * 5000, b"second"]), [100]), BOUNDARY)

    headers = [part.headers async for part in reader]

    assert headers == [{"content-type": "application/dicom"}] * 2


async def test_memory_does_not_grow_with_a_part() -> None:
    class Endless:
        left = 2000

        async def readany(self) -> bytes:
            Endless.left -= 1
            if Endless.left == 1999:
                return b"--frontier\r\n\r\n"
            return b"\r\n--frontier--" if Endless.left == 0 else b"\0" * 65536 if Endless.left > 0 else b""

    longest = 0
    async for part in MultipartReader(Endless(), BOUNDARY):
        async for chunk in part.chunks():
            longest = max(longest, len(chunk))

    assert longest <= 2 * 65536


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=abc', b"abc"),
        ('multipart/related; boundary="a b=c"; type="application/dicom"', b"a b=c"),
        ("Multipart/Related;BOUNDARY=x", b"x"),
    ],
)
def test_boundaries_come_quoted_or_not(header: str, boundary: bytes) -> None:
    assert boundary_of(header) == boundary
    assert content_type(header)[0] == "multipart/related"


@pytest.mark.parametrize("header", ["multipart/related", "multipart/related; boundary=", f"a/b; boundary={'x' * 71}"])
def test_a_bad_boundary_is_invalid(header: str) -> None:
    with pytest.raises(Invalid):
        boundary_of(header)


async def test_a_body_of_more_parts_than_are_taken_is_invalid_behind_those() -> None:
    parts: list[bytes] = []

    with pytest.raises(Invalid, match="too-many-parts"):
        async for part in MultipartReader(Chunks(body([b"a"] * 5), []), BOUNDARY, most_parts=4):
            parts += [chunk async for chunk in part.chunks()]

    assert parts == [b"a"] * 4


@pytest.mark.parametrize("data", [body([b""] * 500), (DELIMITER + b"x") * 50_000 + body([b""])])
async def test_others_get_their_turns_while_a_body_that_is_at_hand_is_read(data: bytes) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.ensure_future(others())
    chunks = len(data) // 1000

    await read_all(data, [1000])

    ticking.cancel()
    assert turns >= chunks
