"""What ingest makes of HL7 v2 and CDA leaves the anonymizer without anybody in it."""

import base64
import json
from pathlib import Path

import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.reports.deidentify import DeidentifiedReport, deidentify
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.cda.document import cda_report
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from shared.errors import Refused
from tests.anonymizer.reports.test_fhir import SECRETS

SAMPLES = Path(__file__).parents[2] / "data" / "reports"
ORU = (SAMPLES / "hl7v2" / "oru_utf8.hl7").read_bytes()
CDA = (SAMPLES / "cda" / "report.xml").read_bytes()
PLANTED = "山本花子様（0001234567、港区架空町1-2-3、03-5555-0123、S45.5.3生）。依頼：中村大輔。読影：佐々木由美。A2404010017。綾小路桜子様も同席。"  # noqa: E501
MORE = ("綾小路", "桜子", "東雲総合", "九十九", "権左衛門", "ZZZ", "Basic", "Encounter")


def oru(policy: Policy) -> DeidentifiedReport:
    text = ORU.decode().replace("右肺S6に", f"{PLANTED}右肺S6に").rstrip("\r\n")
    people = "NK1|1|綾小路^桜子|MTH\rPD1|||東雲総合病院^D^001"
    text = text.replace("\rPV1|", f"\r{people}\rPV1|") + "\rNTE|1||九十九権左衛門が確認\rZZZ|九十九^権左衛門\r"
    text = text.replace("OBR|1|A2404010017||", "OBR|1|A2404010017||").replace(
        "|||D2^中村^大輔", "|||D2^中村^大輔~D9^九十九^権左衛門"
    )
    (report,) = hl7_reports(segments_of(text.encode()))
    return deidentify(bundle_of(report), policy)


def cda(policy: Policy) -> DeidentifiedReport:
    people = (
        '<participant typeCode="IND"><associatedEntity classCode="PRS"><associatedPerson><name>綾小路 桜子</name>'
        "</associatedPerson><scopingOrganization><name>東雲総合病院</name></scopingOrganization></associatedEntity>"
        '</participant><legalAuthenticator><time value="20240401"/><signatureCode code="S"/>'
        '<assignedEntity><id root="1.2"/>'
        "<assignedPerson><name><family>中村</family><given>大輔</given></name></assignedPerson></assignedEntity>"
        "</legalAuthenticator><inFulfillmentOf>"
    )
    text = CDA.decode().replace("<inFulfillmentOf>", people).replace("右肺S6に", f"{PLANTED}右肺S6に")
    hidden = (
        "<component><section><code code='1-1'/><title>患者</title><text>九十九権左衛門</text></section></component>"
    )
    report = cda_report(text.replace("</structuredBody>", f"{hidden}</structuredBody>").encode())
    return deidentify(bundle_of(report), policy)


@pytest.mark.parametrize("made", [oru, cda])
def test_no_identifying_value_is_anywhere_in_the_document(made: object, policy: Policy) -> None:
    report = made(policy)  # type: ignore[operator]

    document = json.loads(report.document)
    forms = [base64.b64decode(form["data"]).decode() for form in document.get("presentedForm", [])]
    text = "\n".join([report.document.decode(), *forms, repr(report.keys), repr(report.removed)])
    assert [secret for secret in (*SECRETS, *MORE) if secret in text] == []
    assert "右肺S6に12×8 mmの結節。" in text and "cT1bN2M0" in text
    assert report.dropped.get("unmapped", 0) == (made is oru)


def test_hl7_cda_and_fhir_of_one_examination_have_the_same_keys_to_link_by(jmid: Policy) -> None:
    (oru_report,) = hl7_reports(segments_of(ORU), ("OBR-2",))
    first, second = bundle_of(oru_report), bundle_of(cda_report(CDA))

    keys = [deidentify(bundle, jmid).keys for bundle in (first, second)]

    assert keys[0] == keys[1]
    assert all((keys[0].patient_id, keys[0].accession_number, keys[0].study_instance_uid, keys[0].modality))


def test_a_report_of_nothing_but_a_pdf_is_refused(jmid: Policy) -> None:
    text = ORU.decode().split("OBX|1")[0] + "OBX|1|ED|PDF^レポート||^application^pdf^Base64^JVBERi0=||||||F\r"
    (report,) = hl7_reports(segments_of(text.encode()))
    body = CDA.split(b"<component><structuredBody>")[0] + (
        b'<component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0=</text></nonXMLBody>'
        b"</component></ClinicalDocument>"
    )

    for each in (bundle_of(report), bundle_of(cda_report(body))):
        with pytest.raises(Refused, match="report-only-attachments"):
            deidentify(each, jmid)
