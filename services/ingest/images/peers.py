"""Decides whether a peer may open one more association. Pure.

A peer is a host and the AE title that it calls itself by. Places are reserved for peers that the settings name, so that
unknown peers, however many, do not keep a modality out.
"""

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

from services.ingest.settings import IngestSettings


class Peer(NamedTuple):
    """Who asks for an association. address: of the host.  title: the calling AE title."""

    address: str
    title: str


class Rejection(Enum):
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""

    NOT_RECOGNISED = (0x01, 0x01, 0x03)  # permanent; service user; calling AE title not recognized
    LIMIT_EXCEEDED = (0x02, 0x03, 0x02)  # transient; service provider, presentation; local limit exceeded


def rejection(peer: Peer, present: Collection[Peer], settings: IngestSettings) -> Rejection | None:
    """Return why a peer is rejected, None if it is taken. present: who has an association now."""
    if settings.allowed_ae and not _is_named(peer, settings.allowed_ae):
        return Rejection.NOT_RECOGNISED
    if sum(each == peer for each in present) >= settings.max_associations_per_peer:
        return Rejection.LIMIT_EXCEEDED
    places = settings.max_associations
    known = settings.known_ae or settings.allowed_ae
    if known and not _is_named(peer, known):
        places -= settings.reserved_associations
    return Rejection.LIMIT_EXCEEDED if len(present) >= places else None


def _is_named(peer: Peer, names: Collection[str]) -> bool:
    """Say whether a list has the peer, as TITLE or as TITLE@host."""
    return peer.title in names or f"{peer.title}@{peer.address}" in names
