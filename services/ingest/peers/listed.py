"""The list of peers, a TOML file (JMID_INGEST_AE_PEERS), checked whole when it is read.

``[[ae]]`` is one calling AE, ``[[mllp]]`` one sender of HL7 v2; both say from which addresses, and where TLS has to say
who it is, by which certificates. Without a file only callers of this machine are taken.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final

import msgspec
from cryptography.x509 import Name
from msgspec import Meta

from services.ingest.settings import IngestSettings
from shared.errors import SettingsError

SETTING: Final = "JMID_INGEST_AE_PEERS"
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
_ANYWHERE: Final = ("0.0.0.0/0", "::/0")
_SHA256_DIGITS: Final = 64

Network = IPv4Network | IPv6Network
_Title = Annotated[str, Meta(min_length=1, max_length=16)]
_Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry of the file has. addresses: CIDR or an address.

    certificates: SHA-256 fingerprints in hexadecimal.  subjects: Distinguished Names (RFC 4514). One of either has to
    be that of the certificate which the caller has proved to have; both empty: none is asked for by this entry.
    """

    addresses: Annotated[tuple[str, ...], Meta(min_length=1)]
    certificates: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class _AeEntry(_Entry, frozen=True, kw_only=True):
    """name: what logs and metrics call it; empty is its AE title.  called: AE titles that it may call.

    manual: what it sends was chosen by a person, for the collection rules.
    """

    ae_title: _Title
    name: _Name | None = None
    called: tuple[_Title, ...] = ()
    manual: bool = False


class _MllpEntry(_Entry, frozen=True, kw_only=True):
    name: _Name


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ae: tuple[_AeEntry, ...] = ()
    mllp: tuple[_MllpEntry, ...] = ()


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the list. name: safe in logs and metrics.  ae_title: empty is any.

    called: AE titles that it may call; empty is any.  fingerprints: SHA-256 in lower-case hexadecimal.
    """

    name: str
    networks: tuple[Network, ...]
    ae_title: str = ""
    called: tuple[str, ...] = ()
    fingerprints: frozenset[str] = frozenset()
    subjects: tuple[Name, ...] = ()
    manual: bool = False


class PeerList(msgspec.Struct, frozen=True, kw_only=True):
    """Who may connect by each protocol."""

    ae: tuple[Peer, ...]
    mllp: tuple[Peer, ...]


def read_peers(settings: IngestSettings) -> PeerList:
    """Return the list; raise SettingsError that names what is wrong in which entry."""
    path = settings.ae_peers
    if path is None:
        return _allowed(settings.allowed_ae) if settings.allowed_ae else THIS_MACHINE
    if settings.allowed_ae:
        raise SettingsError(f"{SETTING} and JMID_INGEST_ALLOWED_AE both say who may associate; set one of them")
    try:
        listed = msgspec.toml.decode(path.read_bytes(), type=_File)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{SETTING}: {path} cannot be read") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError(f"{SETTING}: {path}: {error}") from error
    own = (settings.ae_title,)
    return PeerList(
        ae=tuple(
            msgspec.structs.replace(
                _peer(each, each.name or each.ae_title, f"ae {number}"),
                ae_title=each.ae_title.strip(),
                called=each.called or own,
                manual=each.manual,
            )
            for number, each in enumerate(listed.ae, 1)
        ),
        mllp=tuple(_peer(each, each.name, f"mllp {number}") for number, each in enumerate(listed.mllp, 1)),
    )


def _allowed(names: Sequence[str]) -> PeerList:
    """Return the list that JMID_INGEST_ALLOWED_AE gives: TITLE from anywhere, TITLE@host from one address."""
    parts = [name.partition("@") for name in names]
    peers = [
        Peer(
            name=title,
            ae_title=title,
            networks=networks_of((host,) if host else _ANYWHERE, "JMID_INGEST_ALLOWED_AE"),
        )
        for title, _, host in parts
    ]
    return PeerList(ae=tuple(peers), mllp=THIS_MACHINE.mllp)


def _peer(entry: _Entry, name: str, where: str) -> Peer:
    return Peer(
        name=name,
        networks=networks_of(entry.addresses, f"{SETTING}, {where}"),
        fingerprints=frozenset(_fingerprint(each, where) for each in entry.certificates),
        subjects=tuple(_subject(each, where) for each in entry.subjects),
    )


def networks_of(addresses: Sequence[str], where: str) -> tuple[Network, ...]:
    """Return addresses as networks; raise SettingsError that says where one is none."""
    try:
        return tuple(ip_network(each) for each in addresses)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}; give an address or a network such as 192.0.2.0/24") from error


def _fingerprint(text: str, where: str) -> str:
    digits = text.replace(":", "").replace(" ", "").lower()
    if len(digits) != _SHA256_DIGITS or set(digits) - set("0123456789abcdef"):
        raise SettingsError(f"{SETTING}, {where}: a certificate is its SHA-256 fingerprint, 64 hexadecimal digits")
    return digits


def _subject(text: str, where: str) -> Name:
    try:
        return Name.from_rfc4514_string(text)
    except ValueError as error:
        raise SettingsError(
            f"{SETTING}, {where}: a subject is a Distinguished Name such as CN=pacs,O=Hospital (RFC 4514)"
        ) from error


THIS_MACHINE: Final = PeerList(
    ae=(Peer(name="this-machine", networks=networks_of(LOOPBACK, SETTING)),),
    mllp=(Peer(name="this-machine", networks=networks_of(LOOPBACK, SETTING)),),
)
