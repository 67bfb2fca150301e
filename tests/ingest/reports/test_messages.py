"""HL7 v2 by POST and MLLP, and CDA R2 by POST."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.receipts.records import REJECTED
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.cda.document import cda_report
from services.ingest.reports.hl7.frames import END, START, Frames
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from shared.errors import Invalid
from shared.service import Role
from tests.ingest.conftest import Doors, open_doors
from tests.servers.process import free_ports

SAMPLES = Path(__file__).parents[2] / "data" / "reports"
ORU = (SAMPLES / "hl7v2" / "oru_utf8.hl7").read_bytes()
CDA = (SAMPLES / "cda" / "report.xml").read_bytes()
HL7 = {"Content-Type": "application/hl7-v2; charset=utf-8"}


def resources(bundle: bytes, kind: str) -> list[dict[str, Any]]:
    entries = json.loads(bundle)["entry"]
    return [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == kind]


def changed(old: str, new: str) -> bytes:
    assert old in ORU.decode()
    return ORU.decode().replace(old, new).encode()


def bundles(data: bytes) -> list[bytes]:
    return [bundle_of(report) for report in hl7_reports(segments_of(data))]


@pytest.mark.parametrize("name", ["oru_iso2022jp", "oru_undeclared_sjis"])
def test_a_message_says_the_same_in_every_character_set(name: str) -> None:
    data = (SAMPLES / "hl7v2" / f"{name}.hl7").read_bytes()

    assert bundles(data) == bundles(ORU)


def test_a_kanji_whose_second_byte_is_a_delimiter_does_not_split_a_field() -> None:
    data = changed("右肺S6に", "ソ表予\\F\\\\X41E38182\\").replace(b"|UNICODE UTF-8", b"|")

    sjis, utf8 = bundles(data.decode().encode("cp932").replace(b"\\X41E38182\\", b"\\X4182A0\\")), bundles(data)

    assert sjis == utf8
    found = [each["valueString"] for each in resources(utf8[0], "Observation")]
    assert found[0].startswith("ソ表予|Aあ12×8 mmの結節。\n縦隔")


def test_files_and_unknown_segments_are_counted_and_not_carried() -> None:
    file = "OBX|3|ED|KEY^鍵画像||^IM^JPEG^Base64^/9j/4AAQSkZJRg==||||||F\rZZZ|秘密太郎\rOBX|4|PN|X||秘密^太郎||||||F\r"

    (bundle,) = bundles(ORU.rstrip(b"\r") + b"\r" + file.encode())

    assert resources(bundle, "DiagnosticReport")[0]["presentedForm"] == [{"contentType": "image/jpeg"}]
    assert len(resources(bundle, "Basic")) == 2
    assert b"/9j/" not in bundle and "秘密太郎" not in bundle.decode()
    assert [each["name"][0]["text"] for each in resources(bundle, "Practitioner")][-1] == "秘密 太郎"


def test_each_patient_of_a_message_has_a_report_without_the_other() -> None:
    body = ORU.decode().strip("\r\n").split("\r", 1)[1]
    second = body.replace("山本^花子", "田中^一郎").replace("0001234567", "0007654321").replace("A2404010017", "A99")

    first, other = bundles(ORU.strip(b"\r\n") + b"\r" + second.encode() + b"\r")

    assert "田中" not in first.decode()
    assert "0001234567" not in other.decode()


async def test_hl7_by_post_is_kept_and_acknowledged(doors: Doors) -> None:
    answers = []
    for _ in range(2):
        async with doors.client.post("/ingest/reports", data=ORU, headers=HL7) as answer:
            answers.append((answer.status, answer.content_type, (await answer.read()).decode(), answer.headers))

    blobs = await doors.blobs_published(1)
    bundle = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(blobs[0])
    assert [(status, kind) for status, kind, _, _ in answers] == [(200, "application/hl7-v2")] * 2
    assert all("\rMSA|AA|MSG00017\r" in text and text.startswith("MSH|^~\\&|JMID|") for _, _, text, _ in answers)
    assert bundle == bundles(ORU)[0]
    async with doors.client.get(f"/ingest/receipts/{answers[1][3]['X-Receipt']}") as answer:
        assert (await answer.json())["duplicates"] == 1


@pytest.mark.parametrize(
    ("data", "status", "code", "number", "reason"),
    [
        (b"hello", 422, "AE", "207", "not-hl7"),
        (b"MSH\r|^~\\&|x", 422, "AE", "207", "bad-delimiters"),
        (b"MSH\r\r\r\r\r\r\r\r", 422, "AE", "207", "bad-delimiters"),
        (changed("ORU^R01^ORU_R01", "RDE^O11^RDE_O11"), 415, "AR", "200", "unsupported-message"),
        (changed("ORU^R01^ORU_R01", "ORU^R30^ORU_R30"), 415, "AR", "201", "unsupported-event"),
        (changed("\rPID|", "\rPIX|"), 422, "AE", "100", "no-subject"),
        (changed("\rOBX|", "\rOBZ|"), 422, "AE", "101", "no-text"),
        (changed("1.2.392.200036.9999.1.20240401.17^DCM", "1..2^DCM"), 422, "AE", "102", "bad-uid"),
    ],
)
async def test_a_message_that_is_not_taken_is_refused_in_its_own_form_and_kept(
    doors: Doors, data: bytes, status: int, code: str, number: str, reason: str
) -> None:
    async with doors.client.post("/ingest/reports", data=data, headers=HL7) as answer:
        text = (await answer.read()).decode()

    kept = (await doors.documents.find(REJECTED)).documents
    assert (answer.status, f"\rMSA|{code}|" in text, f"\rERR|||{number}^" in text) == (status, True, True)
    assert [each.reason for each in kept] == [reason]
    assert "山本" not in text


async def test_mllp_acknowledges_what_is_durable_and_closes_on_a_broken_frame(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with open_doors(tmp_path, JMID_INGEST_MLLP_PORT=str(port)) as doors, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(START + ORU[:100])
        await writer.drain()
        writer.write(ORU[100:] + END + START + b"nonsense" + END)
        first, second = await reader.readuntil(END), await reader.readuntil(END)
        writer.write(b"GET / HTTP/1.1\r\n")
        rest = await reader.read()
        writer.close()

        assert len(await doors.blobs_published(1)) >= 1
    assert first.startswith(START) and b"\rMSA|AA|MSG00017\r" in first
    assert b"\rMSA|AE|\r" in second
    assert rest == b""


@pytest.mark.parametrize("sent", [b"", START + b"MSH", b"\r\n"])
async def test_mllp_does_not_wait_for_a_slow_sender(tmp_path: Path, sent: bytes) -> None:
    (port,) = free_ports(1)
    times = {"JMID_INGEST_MLLP_TIMEOUT_S": "0.3", "JMID_INGEST_MLLP_MESSAGE_S": "0.1"}
    async with open_doors(tmp_path, JMID_INGEST_MLLP_PORT=str(port), **times), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)

        assert await reader.read() == b""
        writer.close()


async def test_silent_mllp_connections_do_not_keep_a_sender_out(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    places = {"JMID_INGEST_MLLP_CONNECTIONS": "2"}
    async with open_doors(tmp_path, JMID_INGEST_MLLP_PORT=str(port), **places), asyncio.timeout(20):
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        senders = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        answers = []
        for reader, writer in senders:
            writer.write(START + ORU + END)
            answers.append(await reader.readuntil(END))
        refused, closing = await asyncio.open_connection("127.0.0.1", port)

        assert all(b"\rMSA|A" in answer for answer in answers)
        assert [await reader.read() for reader, _ in silent] == [b""] * 5
        assert await refused.read() == b""
        for _, writer in [*silent, *senders, (refused, closing)]:
            writer.close()


def test_a_message_has_its_own_time_from_its_first_byte_on() -> None:
    frames = Frames(100)

    async def deadlines() -> list[float]:
        loop, found = asyncio.get_running_loop(), list[float]()
        for data in (b"", START + b"a", b"b" + END + START, b"c" + END):
            frames.fed(data)
            found.append(round(frames.deadline(300.0, 60.0) - loop.time()))
        return found

    assert asyncio.run(deadlines()) == [300, 60, 60, 300]


def test_frames_come_whole_however_they_are_cut() -> None:
    stream = START + b"one" + END + b"\r\n" + START + b"two" + END
    frames = Frames(100)

    found = [message for at in range(len(stream)) for message in frames.fed(stream[at : at + 1])]
    frames.ended()

    assert found == [b"one", b"two"]


@pytest.mark.parametrize("stream", [b"x", START + b"a" * 11, START + b"a" + START + b"b" + END, START + b"a"])
def test_a_broken_frame_is_noticed(stream: bytes) -> None:
    frames = Frames(10)

    with pytest.raises(Invalid, match="mllp"):
        frames.fed(stream)
        frames.ended()


async def test_cda_by_post_is_kept_and_announced_as_a_bundle(doors: Doors) -> None:
    async with doors.client.post("/ingest/reports", data=CDA, headers={"Content-Type": "text/xml"}) as answer:
        status, receipt = answer.status, await answer.json()

    found = await doors.host.ports[Role.GATEWAY].blobs["identified"].get((await doors.blobs_published(1))[0])
    assert (status, receipt["door"]) == (202, "cda")
    assert [each["id"] for each in resources(found, "Observation")] == ["findings", "impression"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<a", "not-xml"),
        (b"<a/>", "not-cda"),
        (b'<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + CDA.split(b"?>", 1)[1], "not-cda"),
        (CDA.replace(b"recordTarget>", b"recordTargets>"), "no-subject"),
        (CDA.replace(b"18782-3", b"1-1").replace(b"19005-8", b"1-2").replace("所見".encode(), b"x"), None),
        (b"<a>" * 300 + b"</a>" * 300, "not-xml"),
    ],
)
def test_a_document_that_is_not_taken_says_why(data: bytes, reason: str | None) -> None:
    if reason is None:  # the section with a title that is known is read as such, the other below its title
        report = cda_report(data)
        assert report.impression and report.text.startswith("x\n")
        return

    with pytest.raises(Invalid) as caught:
        cda_report(data)

    assert caught.value.reason == reason


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "euc-jp", "iso-2022-jp"])
def test_a_cda_document_says_the_same_in_every_declared_encoding(encoding: str) -> None:
    text = CDA.decode().replace('encoding="UTF-8"', f'encoding="{encoding}"')

    assert cda_report(text.encode(encoding)) == cda_report(CDA)


def test_versions_of_a_cda_document_are_one_report() -> None:
    own = b'<id root="1.2.392.200036.9999.5" extension="RPT-2024-000201"/>'
    later = CDA.replace(own, own.replace(b"201", b"202"), 1).replace(
        b"<documentationOf>",
        b'<relatedDocument typeCode="RPLC"><parentDocument>'
        + own
        + b"</parentDocument></relatedDocument><documentationOf>",
    )

    first, second = (resources(bundle_of(cda_report(data)), "DiagnosticReport")[0] for data in (CDA, later))

    assert first["identifier"] == second["identifier"]
    assert (first["status"], second["status"]) == ("final", "amended")


def test_a_segment_of_thousands_of_fields_is_refused() -> None:
    with pytest.raises(Invalid, match="too-many-fields"):
        segments_of(ORU + b"\rZZZ" + b"|" * 1001)
