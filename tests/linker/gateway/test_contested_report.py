"""One report number with two patients is a conflict that a person decides."""

from pathlib import Path

from services.linker.service import GATEWAY
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, gateway_environ, keep, opened, until

STUDY = uid(1)


async def test_a_report_number_with_another_patient_is_held_until_a_person_decides(
    tmp_path: Path, archive: Archive
) -> None:
    other = {"identifier": {"system": "urn:jmid:patient:1", "value": "P2"}}
    first = document()
    second = {**first, "issued": "2026-04-02T10:00:00+09:00", "conclusion": "Of another.", "subject": other}
    async with opened(GATEWAY, tmp_path, gateway_environ(archive.url)) as gateway:
        images = instances(STUDY, 1)
        await keep(gateway.blobs["deidentified"], images, documents=[first, second])
        await gateway.take(images, report(first))
        await until(lambda: len(archive.reports) == 1)

        await gateway.take(report(second, receipt="r-second", patient_id="P2"))

        (held,) = (await gateway.get("/api/gateway/deliveries?state=review"))["deliveries"]
        (unlinked,) = (await gateway.get("/api/gateway/links?state=unlinked"))["links"]
        read = await gateway.get("/api/gateway/reports/R1")
        assert (held["report_id"], held["reason"]) == ("R1", "patients-disagree")
        assert (unlinked["reason"], unlinked["candidates"]) == ("patients-disagree", [STUDY])
        assert [each["patient_id"] for each in read["patients"]] == ["P1", "P2"]
        assert [each["conclusion"] for each in archive.reports] == ["No finding."]

        ask = {"action": "release", "by": "Dr. Who", "delivery_id": held["id"], "sha256": read["sha256"]}
        await gateway.post("/api/gateway/deliveries", ask)
        await until(lambda: len(archive.reports) == 2)

        assert archive.reports[-1]["conclusion"] == "Of another."
        assert (await gateway.get("/api/gateway/links?state=unlinked"))["links"][0]["reason"] == "patient-conflict"
