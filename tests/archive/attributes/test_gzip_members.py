"""Gzip members put in a row as one stream: RFC 1951, RFC 1952."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from services.archive.attributes.gzip_members import inflated, joined, joined_size, member

pieces = st.lists(st.binary(max_size=3000), max_size=8)


@given(pieces)
def test_members_in_a_row_are_one_stream_even_for_readers_that_stop_at_the_first(data: list[bytes]) -> None:
    stream = b"".join(joined(map(member, data)))

    machine = zlib.decompressobj(31)
    assert machine.decompress(stream) == b"".join(data)  # zlib checks checksum and size
    assert machine.eof and not machine.unused_data


@given(pieces)
def test_the_size_of_the_stream_is_known_before(data: list[bytes]) -> None:
    members = [member(each) for each in data]

    assert joined_size(members) == len(b"".join(joined(members)))


@given(st.binary(max_size=3000))
def test_a_member_is_a_gzip_file_of_its_own(data: bytes) -> None:
    assert gzip.decompress(member(data)) == inflated(member(data)) == data


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_members_made_otherwise_are_made_anew(data: list[bytes]) -> None:
    members = [gzip.compress(each) for each in data]

    assert joined_size(members) is None
    assert zlib.decompress(b"".join(joined(members)), 31) == b"".join(data)
