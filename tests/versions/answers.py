"""What a running system answers about everything it keeps, in a form that two versions can be compared by."""

import hashlib
import json
import urllib.request
from typing import Any

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
RECEIPT_FIELDS = (
    *("id", "site", "door", "kind", "sender", "state", "at"),
    *("received", "deidentified", "refused", "duplicates", "rejected"),
    *("linked_studies", "delivered_instances", "delivered_reports"),
)


def answers_of(base: str) -> dict[str, Any]:
    """Ask the services of a system; addresses in the answers become relative."""
    studies = _json(base, "/dicom-web/studies?includefield=all")
    found: dict[str, Any] = {"studies": studies, "series": {}, "instances": {}, "metadata": {}, "files": {}}
    for study in sorted(each[STUDY]["Value"][0] for each in studies):
        place = f"/dicom-web/studies/{study}"
        found["series"][study] = _json(base, f"{place}/series?includefield=all")
        found["instances"][study] = _json(base, f"{place}/instances?includefield=all")
        found["metadata"][study] = _json(base, f"{place}/metadata")
        for each in found["instances"][study]:
            series, uid = (each[tag]["Value"][0] for tag in (SERIES, INSTANCE))
            accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
            data = _get(base, f"{place}/series/{series}/instances/{uid}", accept)
            found["files"][uid] = hashlib.sha256(_only_part(data)).hexdigest()
    cases = sorted(_json(base, "/api/cases?limit=100")["cases"], key=lambda case: str(case["id"]))
    found["cases"] = [{name: case[name] for name in ("id", "instances", "report_ids")} for case in cases]
    found["reports"] = {uid: _json(base, f"/api/reports/{uid}") for case in cases for uid in case["report_ids"]}
    receipts = sorted(_json(base, "/ingest/receipts")["receipts"], key=lambda receipt: str(receipt["id"]))
    found["receipts"] = [{name: receipt.get(name) for name in RECEIPT_FIELDS} for receipt in receipts]
    return found


def _json(base: str, path: str) -> Any:
    return json.loads(_get(base, path, "application/dicom+json, application/json;q=0.9, */*;q=0.1") or b"null")


def _get(base: str, path: str, accept: str) -> bytes:
    request = urllib.request.Request(base + path, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body.replace(base.encode(), b"")


def _only_part(body: bytes) -> bytes:
    """Return the payload of a multipart body with one part."""
    boundary, _, rest = body.partition(b"\r\n")
    return rest.partition(b"\r\n\r\n")[2].rpartition(b"\r\n" + boundary)[0]
