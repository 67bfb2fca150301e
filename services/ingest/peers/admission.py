"""What the receivers ask about a caller: the list and the TLS context in force now; refusals are logged and counted."""

import ssl

from services.ingest.peers import tls
from services.ingest.peers.listed import SETTING, PeerList, read_peers
from services.ingest.reloaded import Reloaded
from services.ingest.settings import IngestSettings
from shared.audit.log import AuditLog
from shared.audit.record import Happening, Who
from shared.audit.words import Action, EventKind, Outcome
from shared.logs import decided
from shared.metrics import CALLERS_REFUSED


class Admission:
    """The files that say who may connect. Raises SettingsError if one cannot be used."""

    def __init__(self, settings: IngestSettings) -> None:
        listed = [settings.ae_peers] if settings.ae_peers is not None else []
        self._peers = Reloaded(SETTING, listed, lambda: read_peers(settings))
        self._tls: Reloaded[ssl.SSLContext] | None = None
        if tls.is_on(settings):
            files = tls.files_of(settings)
            self._tls = Reloaded("JMID_INGEST_TLS_CERTIFICATE", files, lambda: tls.server_context(settings))

    @property
    def peers(self) -> PeerList:
        """Return the list that is in force."""
        return self._peers.value

    @property
    def context(self) -> ssl.SSLContext:
        """Return the TLS context that is in force."""
        assert self._tls is not None
        return self._tls.value

    @property
    def files(self) -> list[Reloaded[PeerList] | Reloaded[ssl.SSLContext]]:
        """Return what has to be looked at again and again."""
        return [self._peers, *([self._tls] if self._tls else [])]


_DECISIONS = {"dimse": "association-rejected", "mllp": "mllp-refused"}


def note_refused(
    protocol: str, reason: str, peer: str = "", *, audit: AuditLog | None = None, address: str = ""
) -> None:
    """Log, count and record that a caller was refused. peer: a name of the list, never what a caller says."""
    if audit is not None:
        who = Who(subject=f"{protocol}:{peer}" if peer else "", name=peer, address=address, shown=protocol)
        refused = Happening(EventKind.NODE_REFUSED, Action.EXECUTE, who, Outcome.REFUSED, reason, route=protocol)
        audit.note_from_thread(refused)
    decided(_DECISIONS[protocol], level="warning", service="ingest", reason=reason, peer=peer or None)
    CALLERS_REFUSED.labels(protocol, peer, reason).inc()
