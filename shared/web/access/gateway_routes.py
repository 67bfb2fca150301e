"""Which routes of the centre a gateway may use that shows its certificate: those that it needs to deliver. Pure.

A gateway searches nothing and follows no feed: with the key of one hospital nobody reads what others delivered. What it
asks for by name, an Instance or a report, has a name that only its sender knows.
"""

from typing import Final

_STUDY: Final = "/dicom-web/studies/{study}"

GATEWAY_ROUTES: Final = frozenset(
    {
        "POST /dicom-web/studies",
        f"POST {_STUDY}",
        f"GET {_STUDY}/instances",
        f"GET {_STUDY}/series/{{series}}/instances/{{instance}}",
        "POST /api/reports",
        "GET /api/reports/{report_id}",
        "GET /api/recalls",
        "GET /api/recalls/proofs",
        "POST /api/recalls/{study}/done",
        "POST /api/recalls/{study}/progress",
        "POST /api/recalls/{study}/proof",
        "POST /api/completeness",
        "POST /api/merges",
        "POST /api/withdrawals",
        "GET /api/withdrawals",
        "GET /api/withdrawals/{withdrawal}",
        "POST /enrolment/renewal",
    }
)
