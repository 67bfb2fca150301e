"""The rows of the centre's own routes. Pure."""

from typing import Final

from shared.web.access.rules import Rule
from shared.web.access.runtime_rules import of_all
from shared.web.access.words import AccessRole, Permission, Scope

_ROWS: Final = frozenset({Scope.ALL, Scope.SITE})
_STUDY: Final = "/dicom-web/studies/{study}"
_SERIES: Final = f"{_STUDY}/series/{{series}}"
_INSTANCE: Final = f"{_SERIES}/instances/{{instance}}"
_FRAMES: Final = f"{_INSTANCE}/frames/{{frames}}"
_LEVELS: Final = (_STUDY, _SERIES, _INSTANCE)
_OF_A_LEVEL: Final = ("", "/metadata", "/bulkdata", "/pixeldata", "/rendered", "/thumbnail")
_READERS: Final = {
    AccessRole.SITE_READER: Scope.SITE,
    AccessRole.RADIOLOGIST: Scope.ALL,
    AccessRole.RESEARCHER: Scope.PROJECT,
    AccessRole.PRIVACY_OFFICER: Scope.ALL,
    AccessRole.SERVICE: Scope.ALL,
}

CENTRE: Final = (
    Rule(
        Permission.READ_ACCESS_LOG,
        "read who did what at the centre",
        of_all(AccessRole.PRIVACY_OFFICER),
        ("GET /audit", "GET /api/audit"),
    ),
    Rule(
        Permission.SEARCH,
        "search cases, count and export them, and keep queries of one's own",
        _READERS,
        (
            "GET /",
            "GET /cases/{case_id}",
            "GET /cases/{case_id}/series/{series}",
            "GET /counts",
            "GET /api/cases",
            "GET /api/terms",
            "GET /api/terms/CodeSystem/$lookup",
            "GET /api/cases/{case_id}",
            "GET /api/cases/{case_id}/similar",
            "GET /api/export/cases",
            "GET /api/searches",
            "POST /api/searches",
            "DELETE /api/searches/{search_id}",
            "GET /api/searches/{search_id}/feed",
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
        "deliver de-identified reports, tell of merged patients, answer recalls, and renew a certificate, as a gateway",
        of_all(AccessRole.SERVICE),
        (
            "POST /api/reports",
            "POST /api/recalls/{study}/done",
            "POST /api/recalls/{study}/progress",
            "POST /api/recalls/{study}/proof",
            "POST /api/completeness",
            "POST /api/merges",
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
        "read reports, links, diagnoses, annotations, and whose pseudonyms are one patient's",
        _READERS,
        (
            "GET /api/reports",
            "GET /api/reports/{report_id}",
            "GET /api/reports/{report_id}/history",
            "GET /api/links",
            "GET /api/diagnoses",
            "GET /api/diagnoses/worklist",
            "GET /api/diagnoses/export",
            "GET /api/diagnoses/{diagnosis}",
            "GET /api/diagnoses/{diagnosis}/condition",
            "GET /api/annotations",
            "GET /api/patients/{patient_id}",
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
