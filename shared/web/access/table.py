"""The access table: every route of every service and of the runtime. Pure.

A route that stands nowhere here does not let its process start. At a gateway a grant by site is compared with the
gateway's own site, at the centre with the site of each Study and report. Nothing compares yet by project, dataset or
own work, so such grants let nothing.
"""

from collections.abc import Mapping
from typing import Final

from shared.web.access.rules import AccessTable, Rule
from shared.web.access.runtime_rules import RUNTIME, of_all
from shared.web.access.words import AccessRole, Permission, Scope

_SITE: Final = frozenset({Scope.SITE})
_ROWS: Final = frozenset({Scope.ALL, Scope.SITE})
_STUDY: Final = "/dicom-web/studies/{study}"
_SERIES: Final = f"{_STUDY}/series/{{series}}"
_INSTANCE: Final = f"{_SERIES}/instances/{{instance}}"
_FRAMES: Final = f"{_INSTANCE}/frames/{{frames}}"
_LEVELS: Final = (_STUDY, _SERIES, _INSTANCE)
_OF_A_LEVEL: Final = ("", "/metadata", "/bulkdata", "/pixeldata", "/rendered", "/thumbnail")


def _of_site(*roles: AccessRole) -> Mapping[AccessRole, Scope]:
    return dict.fromkeys(roles, Scope.SITE)


_READERS: Final = {
    AccessRole.SITE_READER: Scope.SITE,
    AccessRole.RADIOLOGIST: Scope.ALL,
    AccessRole.RESEARCHER: Scope.PROJECT,
    AccessRole.PRIVACY_OFFICER: Scope.ALL,
    AccessRole.SERVICE: Scope.ALL,
}

_GATEWAY: Final = (
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
            "GET /api/gateway/reports/{report_id}",
            "GET /api/gateway/deliveries",
            "GET /gateway/backlog",
            "GET /api/gateway/backlog",
        ),
        _SITE,
    ),
    Rule(
        Permission.DECIDE_LINKS,
        "link by hand, let a report pass review, have a delivery tried again",
        _of_site(AccessRole.PRIVACY_OFFICER),
        ("POST /gateway/links", "POST /api/gateway/links", "POST /api/gateway/deliveries"),
        _SITE,
    ),
)

_CENTRE: Final = (
    Rule(
        Permission.READ_ACCESS_LOG,
        "read who did what at the centre",
        of_all(AccessRole.PRIVACY_OFFICER),
        ("GET /audit", "GET /api/audit"),
    ),
    Rule(
        Permission.SEARCH,
        "search cases, and count them",
        _READERS,
        (
            "GET /",
            "GET /cases/{case_id}",
            "GET /counts",
            "GET /api/cases",
            "GET /api/cases/{case_id}",
            "GET /api/counts",
            "GET /dicom-web/studies",
            "GET /dicom-web/series",
            "GET /dicom-web/instances",
            f"GET {_STUDY}/series",
            f"GET {_STUDY}/instances",
            f"GET {_SERIES}/instances",
        ),
        _ROWS,
    ),
    Rule(
        Permission.RETRIEVE,
        "retrieve Instances, their metadata, bulk data, frames and rendered images",
        {**_READERS, AccessRole.RESEARCHER: Scope.DATASET},
        (
            *(f"GET {level}{what}" for level in _LEVELS for what in _OF_A_LEVEL),
            *(f"GET {_FRAMES}{what}" for what in ("", "/rendered", "/thumbnail")),
            f"GET {_INSTANCE}/bulkdata/{{path}}",
            "GET /dicom-web/wado",
        ),
        _ROWS,
    ),
    Rule(
        Permission.VIEW,
        "load the viewer, which reads images by the permissions of whoever uses it",
        of_all(AccessRole.SITE_READER, AccessRole.RADIOLOGIST, AccessRole.RESEARCHER, AccessRole.PRIVACY_OFFICER),
        ("GET /viewer", "GET /viewer/{path}"),
    ),
    Rule(
        Permission.STORE,
        "store Instances: a gateway's, and what is derived of Studies of this centre",
        of_all(AccessRole.RADIOLOGIST, AccessRole.SERVICE),
        ("POST /dicom-web/studies", f"POST {_STUDY}"),
    ),
    Rule(
        Permission.DELETE,
        "delete Instances for good",
        of_all(AccessRole.ADMINISTRATOR),
        tuple(f"DELETE {level}" for level in _LEVELS),
    ),
    Rule(
        Permission.WITHDRAW,
        "withdraw what is kept of a patient who opted out at a gateway, as that gateway, and say that it is done",
        of_all(AccessRole.SERVICE),
        (
            "POST /api/withdrawals",
            "POST /api/withdrawals/{withdrawal}/acknowledged",
            "POST /dicom-web/withdrawals",
        ),
    ),
    Rule(
        Permission.READ_WITHDRAWALS,
        "see what was withdrawn, and when",
        of_all(AccessRole.PRIVACY_OFFICER, AccessRole.OPERATOR, AccessRole.ADMINISTRATOR, AccessRole.SERVICE),
        ("GET /api/withdrawals", "GET /api/withdrawals/{withdrawal}"),
    ),
    Rule(
        Permission.DELIVER,
        "deliver de-identified reports, answer recalls, and renew a certificate, as a gateway",
        of_all(AccessRole.SERVICE),
        (
            "POST /api/reports",
            "POST /api/recalls/{study}/done",
            "POST /api/recalls/{study}/proof",
            "POST /api/completeness",
            "POST /enrolment/renewal",
        ),
    ),
    Rule(
        Permission.FOLLOW,
        "follow the change feeds, and ask which images stay",
        of_all(AccessRole.SERVICE),
        ("GET /dicom-web/changefeed", "GET /api/reports/changes", "GET /api/staying"),
    ),
    Rule(
        Permission.READ_REPORTS,
        "read reports, links, diagnoses and annotations",
        _READERS,
        (
            "GET /api/reports",
            "GET /api/reports/{report_id}",
            "GET /api/reports/{report_id}/history",
            "GET /api/links",
            "GET /api/diagnoses",
            "GET /api/annotations",
        ),
        _ROWS,
    ),
    Rule(
        Permission.WRITE_CASES,
        "write diagnoses and annotations, and link by hand",
        {AccessRole.RADIOLOGIST: Scope.ALL, AccessRole.RESEARCHER: Scope.OWN_WORK},
        ("POST /api/diagnoses", "POST /api/annotations", "POST /api/links"),
    ),
    Rule(
        Permission.READ_RECALLS,
        "see which Studies are asked back, and which stay",
        of_all(
            AccessRole.RADIOLOGIST,
            AccessRole.PRIVACY_OFFICER,
            AccessRole.OPERATOR,
            AccessRole.ADMINISTRATOR,
            AccessRole.SERVICE,
        ),
        ("GET /api/recalls", "GET /api/recalls/proofs", "GET /api/pins"),
    ),
    Rule(
        Permission.RECALL,
        "ask a Study back from its gateway, and say that its images stay",
        of_all(AccessRole.RADIOLOGIST, AccessRole.PRIVACY_OFFICER, AccessRole.OPERATOR, AccessRole.SERVICE),
        ("POST /api/recalls", "POST /api/pins"),
    ),
)

TABLE: Final = AccessTable((*RUNTIME, *_GATEWAY, *_CENTRE))
