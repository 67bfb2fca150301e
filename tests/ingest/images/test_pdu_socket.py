"""The limits of a PDU in length and time."""

import socket
from collections.abc import Iterator

import pytest

from services.ingest.images.pdu_socket import ASSOCIATE_BYTES, SLACK, PduSocket

Pair = tuple[PduSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield PduSocket(ours, most_bytes=4096, pdu_s=0.1), theirs


def pdu(kind: int, length: int) -> bytes:
    return bytes([kind, 0]) + length.to_bytes(4, "big")


def test_a_pdu_is_read_header_first_and_no_further(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(pdu(4, 5) + b"abcde" + pdu(5, 4) + b"wxyz")

    parts = [bytes(ours.recv(size)) for size in (6, 4096, 6, 2, 4096)]

    assert parts == [pdu(4, 5), b"abcde", pdu(5, 4), b"wx", b"yz"]


@pytest.mark.parametrize(("kind", "length"), [(4, 4096 + SLACK + 1), (1, ASSOCIATE_BYTES + 1), (7, 0xFFFFFFFF)])
def test_a_pdu_that_is_too_long_is_answered_with_an_abort_before_it_is_read(pair: Pair, kind: int, length: int) -> None:
    ours, theirs = pair
    theirs.sendall(pdu(kind, length))

    with pytest.raises(ConnectionAbortedError):
        ours.recv(6)

    assert theirs.recv(10)[:1] == b"\x07"


@pytest.mark.parametrize("sent", [b"\x04\0", pdu(4, 100) + b"a"])
def test_a_pdu_that_does_not_come_whole_in_time_is_an_error(pair: Pair, sent: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(sent)

    with pytest.raises(TimeoutError):
        ours.recv(6), ours.recv(100)


def test_bytes_that_were_taken_off_before_come_first_and_count_as_there() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = PduSocket(ours, most_bytes=4096, pdu_s=0.1, start=pdu(4, 5) + b"ab")
        theirs.sendall(b"cde")

        held = connection.holds_bytes
        parts = [bytes(connection.recv(size)) for size in (6, 4096)]

    assert (held, parts, connection.holds_bytes) == (True, [pdu(4, 5), b"abcde"], False)


def test_a_peer_that_reads_nothing_is_not_waited_for(pair: Pair) -> None:
    ours, _ = pair

    with pytest.raises(TimeoutError):
        while True:
            ours.send(bytes(1 << 20))


def test_the_end_of_a_connection_is_no_bytes(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"\x04\0")
    theirs.close()

    assert bytes(ours.recv(6)) == b"\x04\0"
    assert bytes(ours.recv(6)) == b""
