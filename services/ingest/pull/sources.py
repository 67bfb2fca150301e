"""The list of sources, a TOML file (JMID_INGEST_SOURCES), and when each may be asked. The times are pure."""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from yarl import URL

from services.ingest.settings import IngestSettings
from shared.errors import SettingsError
from shared.text.hours import HOURS
from shared.web.loopback import LOOPBACK

SETTING: Final = "JMID_INGEST_SOURCES"
_HOUR_S: Final = 3600.0
_Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
_Hours = Annotated[str, Meta(pattern=HOURS)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source: a Query/Retrieve SCP (host, port, ae_title) or a DICOMweb server (url).

    retrieve: get, move, or auto, which is C-GET where the source takes it, else C-MOVE to our AE title.
    tls: whether DIMSE is by TLS, with our certificate if there is one.  ca: PEM file of the authority of the source's
    certificate, of TLS and https; empty is those that this machine trusts.  token_file: of the Bearer token.
    insecure: whether http is fine.
    hours: when it may be asked, by the site's time of day, such as 19:00-07:00; empty is always.
    studies_per_hour: 0 is no limit.
    recalls: whether Studies that the centre wants back are fetched from it; at most one source is.
    """

    name: _Name
    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 104
    ae_title: Annotated[str, Meta(max_length=16)] = ""
    retrieve: Literal["auto", "get", "move"] = "auto"
    tls: bool = False
    url: str = ""
    token_file: str = ""
    ca: str = ""
    insecure: bool = False
    hours: tuple[_Hours, ...] = ()
    studies_per_hour: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    recalls: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: tuple[Source, ...] = ()


Sources = dict[str, Source]


def read_sources(settings: IngestSettings) -> Sources:
    """Return the sources by name; raise SettingsError that says what is wrong with the file."""
    if settings.sources is None:
        return {}
    path: Path = settings.sources
    try:
        listed = msgspec.toml.decode(path.read_bytes(), type=_File).source
    except OSError as error:
        raise SettingsError(f"{SETTING}: {path} cannot be read") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise SettingsError(f"{SETTING}: {path}: {error}") from error
    by_name = {each.name: each for each in listed}
    if len(by_name) != len(listed):
        raise SettingsError(f"{SETTING}: {path}: a name is given once")
    if sum(each.recalls for each in listed) > 1:
        raise SettingsError(f"{SETTING}: {path}: recalls = true is given of one source")
    for each in listed:
        if wrong := _wrong(each):
            raise SettingsError(f"{SETTING}: {path}: source {each.name}: {wrong}")
    return by_name


def recall_source(sources: Sources) -> str:
    """Return the name of the source that Studies are fetched from which the centre wants back; empty: there is none."""
    return next((each.name for each in sources.values() if each.recalls), "")


def _wrong(source: Source) -> str:
    if bool(source.host) == bool(source.url):
        return "give host, port and ae_title, or url"
    if source.host and not source.ae_title:
        return "ae_title is missing"
    if not source.url:
        return ""
    if source.tls:
        return "tls is for DIMSE: give an https url"
    url = URL(source.url)
    if url.scheme not in ("http", "https") or not url.host:
        return "url is no address of a DICOMweb server"
    is_plain = url.scheme == "http" and url.host not in LOOPBACK and not source.insecure
    return "url is http on another machine: give https, or insecure = true" if is_plain else ""


def wait_s(studies_per_hour: int, since_last_s: float | None) -> float:
    """Return the seconds until the next Study may be asked for. since_last_s: None if none was yet."""
    if not studies_per_hour or since_last_s is None:
        return 0.0
    return max(0.0, _HOUR_S / studies_per_hour - since_last_s)
