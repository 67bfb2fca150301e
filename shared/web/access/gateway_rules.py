"""The rows of the gateway's own routes. Pure."""

from collections.abc import Mapping
from typing import Final

from shared.web.access.rules import Rule
from shared.web.access.words import AccessRole, Permission, Scope

_SITE: Final = frozenset({Scope.SITE})


def _of_site(*roles: AccessRole) -> Mapping[AccessRole, Scope]:
    return dict.fromkeys(roles, Scope.SITE)


GATEWAY: Final = (
    Rule(
        Permission.SEND,
        "send identified Instances and reports",
        _of_site(AccessRole.SITE_SENDER, AccessRole.SERVICE),
        ("POST /ingest/dicom-web/studies", "POST /ingest/dicom-web/studies/{study}", "POST /ingest/reports"),
        _SITE,
    ),
    Rule(
        Permission.READ_RECEIPTS,
        "see what became of what was sent",
        _of_site(
            AccessRole.SITE_SENDER,
            AccessRole.SITE_READER,
            AccessRole.PRIVACY_OFFICER,
            AccessRole.OPERATOR,
            AccessRole.SERVICE,
        ),
        (
            "GET /ingest/receipts",
            "GET /ingest/receipts/{receipt_id}",
            "GET /gateway/receipts",
            "GET /ingest/receipts/{receipt_id}/custody",
            "GET /ingest/ledger",
            "GET /ingest/ledger/{day}",
            "GET /gateway/ledger",
            "GET /ingest/pulls",
            "GET /ingest/pulls/{pull_id}",
        ),
        _SITE,
    ),
    Rule(
        Permission.READ_IDENTIFIED,
        "see what waits in quarantine, identified pictures and texts among it, and the site's rules and names",
        _of_site(AccessRole.PRIVACY_OFFICER),
        (
            "GET /gateway/quarantine",
            "GET /api/gateway/quarantine",
            "GET /api/gateway/quarantine/reasons",
            "GET /gateway/quarantine/{blob}",
            "GET /gateway/quarantine/{blob}/frames/{frame}.png",
            "GET /gateway/quarantine/{blob}/proposal",
            "GET /gateway/quarantine/reports/{blob}",
            "GET /gateway/quarantine/rules",
            "GET /api/gateway/quarantine/rules",
            "GET /gateway/quarantine/names",
            "GET /api/gateway/quarantine/names",
            "GET /gateway/quarantine/learned-names",
            "GET /api/gateway/quarantine/learned-names",
        ),
        _SITE,
    ),
    Rule(
        Permission.DECIDE_IDENTIFIED,
        "release, mask or reject what waits in quarantine, and change the site's rules and names",
        _of_site(AccessRole.PRIVACY_OFFICER),
        (
            "POST /gateway/quarantine/{blob}",
            "POST /gateway/quarantine/reports/{blob}",
            "POST /gateway/quarantine/rules",
            "POST /gateway/quarantine/names",
            "POST /gateway/quarantine/learned-names",
        ),
        _SITE,
    ),
    Rule(
        Permission.OPT_OUT,
        "let a patient opt out or take part again, and see what was withdrawn",
        _of_site(AccessRole.PRIVACY_OFFICER),
        (
            "GET /gateway/opt-outs",
            "POST /gateway/opt-outs",
            "GET /gateway/opt-outs/{opt_out}/proof",
            "GET /api/gateway/opt-outs",
        ),
        _SITE,
    ),
    Rule(
        Permission.READ_AUDIT,
        "read what was de-identified, decided and read from the vault, and who did what at the gateway",
        _of_site(AccessRole.PRIVACY_OFFICER),
        (
            "GET /gateway/audit",
            "GET /api/gateway/audit",
            "GET /gateway/audit/access",
            "GET /api/gateway/audit/access",
        ),
        _SITE,
    ),
    Rule(
        Permission.READ_LINKS,
        "see the gateway's links, deliveries and de-identified reports",
        _of_site(AccessRole.SITE_READER, AccessRole.RADIOLOGIST, AccessRole.PRIVACY_OFFICER),
        (
            "GET /gateway/links",
            "GET /gateway/reports/{report_id}",
            "GET /api/gateway/links",
            "GET /api/gateway/merges",
            "GET /api/gateway/reports/{report_id}",
            "GET /api/gateway/deliveries",
            "GET /gateway/backlog",
            "GET /api/gateway/backlog",
        ),
        _SITE,
    ),
    Rule(
        Permission.DECIDE_LINKS,
        "link by hand, merge patients, let a report pass review, have a delivery tried again",
        _of_site(AccessRole.PRIVACY_OFFICER),
        ("POST /gateway/links", "POST /api/gateway/links", "POST /api/gateway/deliveries", "POST /api/gateway/merges"),
        _SITE,
    ),
)
