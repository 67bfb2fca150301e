"""Decides whether a caller is one of the listed peers. Pure.

Source: PS3.8 9.3.4 (A-ASSOCIATE-RJ, Table 9-21); PS3.15 Annex B (node authentication by certificate).
"""

import hashlib
from collections.abc import Collection, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from cryptography import x509

from services.ingest.peers.listed import Peer


class Caller(NamedTuple):
    """Who connects. address: of the host.  title, called: AE titles that it says.

    certificate: DER, of a certificate that TLS has checked; empty without.
    """

    address: str
    title: str = ""
    called: str = ""
    certificate: bytes = b""


class Unknown(Enum):
    """Why a caller is none of the listed peers."""

    TITLE = "calling-ae-title-not-recognised"
    ADDRESS = "address-not-listed"
    CERTIFICATE = "certificate-not-listed"
    CALLED = "called-ae-title-not-recognised"


class NotRecognised(NamedTuple):
    """reason: the furthest that any entry went.  peer: the name of that entry; empty if no entry has the title."""

    reason: Unknown
    peer: str = ""


def recognised(caller: Caller, peers: Collection[Peer]) -> Peer | NotRecognised:
    """Return the first peer that the caller is, else why it is none."""
    furthest = NotRecognised(Unknown.TITLE if any(each.ae_title for each in peers) else Unknown.ADDRESS)
    for peer in peers:
        if peer.ae_title not in ("", caller.title):
            continue
        reason = _why_not(caller, peer)
        if reason is None:
            return peer
        if _ORDER.index(reason) >= _ORDER.index(furthest.reason):
            furthest = NotRecognised(reason, peer.name if peer.ae_title else "")
    return furthest


_ORDER: Sequence[Unknown] = list(Unknown)


def _why_not(caller: Caller, peer: Peer) -> Unknown | None:
    if not is_within(caller.address, peer):
        return Unknown.ADDRESS
    if not _shows_certificate(caller, peer):
        return Unknown.CERTIFICATE
    return Unknown.CALLED if peer.called and caller.called not in peer.called else None


def is_within(address: str, peer: Peer) -> bool:
    """Say whether an address is one of the peer's; an IPv4 address seen through IPv6 is the IPv4 address."""
    known = _address(address)
    return known is not None and any(known in network for network in peer.networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _shows_certificate(caller: Caller, peer: Peer) -> bool:
    if not peer.fingerprints and not peer.subjects:
        return True
    if not caller.certificate:
        return False
    if hashlib.sha256(caller.certificate).hexdigest() in peer.fingerprints:
        return True
    return bool(peer.subjects) and _subject_of(caller.certificate) in peer.subjects


def _subject_of(certificate: bytes) -> x509.Name | None:
    try:
        return x509.load_der_x509_certificate(certificate).subject
    except ValueError:
        return None
