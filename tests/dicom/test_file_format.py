"""A deflated Data Set is inflated no further than it may be."""

import zlib

import pytest

from shared.dicom import file_format
from shared.errors import Invalid


def deflated(*pieces: bytes) -> bytes:
    machine = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return b"".join([*(machine.compress(piece) for piece in pieces), machine.flush()])


def test_what_deflates_to_a_thousandth_is_inflated_up_to_the_bound_and_not_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 8 << 20
    monkeypatch.setattr(file_format, "INFLATED_ANYWAY", most)

    assert len(file_format.inflate(deflated(bytes(most)), 0)) == most
    with pytest.raises(Invalid, match="too-large"):
        file_format.inflate(deflated(bytes(most), b"\0"), 0)


def test_every_byte_of_a_stream_comes_out_whatever_the_steps() -> None:
    content = bytes(range(256)) * 9000

    assert file_format.inflate(b"head" + deflated(content), 4) == content


def test_what_is_no_stream_is_invalid() -> None:
    with pytest.raises(Invalid, match="bad-deflate"):
        file_format.inflate(b"\xff" * 40, 0)


def test_a_file_says_that_it_is_deflated_before_it_is_inflated() -> None:
    assert not file_format.is_deflated(b"no DICOM")
