"""Which environment variables the system knows: of the ports, of the process, and of every service."""

from collections.abc import Iterable, Sequence

import msgspec

from shared.audit.settings import AuditSettings
from shared.certificates.settings import TlsSettings
from shared.lease import LeaseSettings
from shared.runtime.backup_settings import BackupSettings
from shared.runtime.host import HostSettings
from shared.runtime.ports import PortSettings
from shared.service import Role, Service
from shared.settings import settings_of
from shared.site.times import SiteTimeSettings
from shared.terms.settings import TermsSettings
from shared.tracing.opening import TracingSettings
from shared.web.identity.settings import AccessSettings

Group = tuple[str, type[msgspec.Struct]]


def groups(services: Iterable[Service]) -> list[Group]:
    """Return each Struct of settings with the prefix of its variables, each once, in the order of the services."""
    own = {f"JMID_{service.name.upper()}": service.settings for service in services if service.settings is not None}
    of_process: list[Group] = [
        ("JMID", AccessSettings),
        ("JMID_HOST", HostSettings),
        ("JMID_LEASE", LeaseSettings),
        ("JMID_TLS", TlsSettings),
        ("JMID_TERMS", TermsSettings),
        ("JMID", AuditSettings),
        ("JMID_TRACING", TracingSettings),
        ("JMID_SITE", SiteTimeSettings),
    ]
    return [("JMID", PortSettings), *of_process, *own.items(), ("JMID_BACKUP", BackupSettings)]


def known(services: Iterable[Service], options: Sequence[str]) -> set[str]:
    """Return the names of all variables. options: those of the command line."""
    of_roles: list[Group] = [(f"JMID_{role.value.upper()}", PortSettings) for role in Role]
    every: list[Group] = [*groups(services), *of_roles]
    return {*options, *(each.variable for prefix, kind in every for each in settings_of(kind, prefix))}
