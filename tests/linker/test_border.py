"""The border between hospital and centre, with both sides real: what the anonymizer writes, the gateway sends and the
centre takes; recalls; and TLS with certificates on both sides.
"""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys as keyrings
from services.anonymizer.reports.deidentify import deidentify
from services.linker.gateway.records import DELIVERIES
from services.linker.reports import document as form
from services.linker.service import CENTRE, GATEWAY
from shared.documents import Eq
from shared.events import CaseChanged, Delivered
from tests.linker.centre.test_centre import stored
from tests.linker.samples import document, instances, report, uid
from tests.linker.system import Archive, Opened, gateway_environ, keep, opened, until
from tests.servers.web import served

STUDY, OTHER = uid(1), uid(2)
SAMPLES = Path(__file__).parent.parent / "data" / "reports" / "fhir"


@pytest.mark.parametrize("profile", ["jmid", "research"])
@pytest.mark.parametrize("name", ["jp_core_ct", "jp_core_ct_text", "jp_core_ct_amended", "english_ct", "bare_html"])
def test_the_centre_takes_what_the_anonymizer_writes_and_reads_the_same_keys(
    tmp_path: Path, name: str, profile: str
) -> None:
    keys = keyrings.load_or_create(tmp_path, "site").current
    policy = Policy(profile=profile, keys=keys, site="hospital", recognise=False)

    made = deidentify((SAMPLES / f"{name}.json").read_bytes(), policy)
    composed = form.compose(made.document, made.sha256, [STUDY], "accession")
    _, said = form.read(composed)

    assert (said.report_id, said.sha256, said.status, said.issued) == (
        made.report_id,
        made.sha256,
        made.status,
        made.issued,
    )
    assert said.studies == (STUDY,)
    assert said.flagged == made.review == form.is_flagged(made.document)
    expected = made.keys
    assert (said.keys.patient_id, said.keys.accession_number) == (expected.patient_id, expected.accession_number)
    assert (said.keys.modality, said.keys.study_date) == (expected.modality, expected.study_date)


class Border:
    """A gateway, and a centre that consists of a real linker and a DICOMweb server."""

    def __init__(self, gateway: Opened, centre: Opened, archive: Archive) -> None:
        self.gateway, self.centre, self.archive = gateway, centre, archive

    async def idle(self) -> bool:
        """Tell whether the gateway has nothing more to do."""
        pending = await self.gateway.documents.count(DELIVERIES, Eq("state", "pending"))
        return pending + await self.gateway.documents.count(DELIVERIES, Eq("announce", "due")) == 0


@pytest.fixture
async def border(tmp_path: Path) -> AsyncIterator[Border]:
    archive = Archive()
    async with (
        served(archive.application()) as dicomweb,
        opened(CENTRE, tmp_path / "centre", {"JMID_LINKER_ARCHIVE_URL": f"{dicomweb}/dicom-web"}) as centre,
    ):
        settings = {**gateway_environ(centre.url), "JMID_LINKER_CENTRE_DICOMWEB_URL": f"{dicomweb}/dicom-web"}
        async with opened(GATEWAY, tmp_path / "gateway", settings) as gateway:
            yield Border(gateway, centre, archive)


async def test_a_report_travels_with_its_link_and_every_later_change_of_it(border: Border) -> None:
    draft = document(text="Draft.", status="preliminary", issued="2026-04-01T08:00:00+09:00")
    final = document(text="Final.")
    gateway, centre = border.gateway, border.centre
    await keep(gateway.blobs["deidentified"], instances(STUDY), instances(OTHER), documents=[draft, final])

    await gateway.take(report(draft), instances(STUDY))
    await until(border.idle)
    await gateway.take(report(final, receipt="r-final"))
    await until(border.idle)
    await gateway.take(instances(OTHER, receipt="r-other", accession_number=""))
    choice = {"report_id": "R1", "study_instance_uid": OTHER, "by": "Dr. Who"}
    await gateway.post("/api/gateway/links", choice)
    await until(border.idle)

    found = await centre.get("/api/reports/R1")
    assert found["conclusion"] == "Final."
    assert form.read(orjson.dumps(found))[1].studies == (OTHER,)
    assert (await centre.get("/api/reports/R1/history"))["total"] == 2
    (change,) = (await centre.get("/api/reports/changes"))["changes"]
    assert (change["rule"], change["touched"]) == ("by-hand", [STUDY, OTHER])
    told = {event.correlation_id for event in centre.of(CaseChanged)}
    assert told >= {"r-final"}


async def test_a_report_unlinked_by_hand_at_the_gateway_is_unlinked_at_the_centre(border: Border) -> None:
    gateway, centre = border.gateway, border.centre
    await keep(gateway.blobs["deidentified"], instances(STUDY), documents=[document()])
    await gateway.take(instances(STUDY), report(document()))
    await until(border.idle)

    await gateway.post(
        "/api/gateway/links", {"report_id": "R1", "study_instance_uid": STUDY, "by": "Dr. Who", "action": "unlink"}
    )
    await until(border.idle)

    (link,) = (await centre.get("/api/links"))["links"]
    assert (link["report_id"], link["reason"]) == ("R1", "unlinked-by-hand")


async def test_a_study_that_only_the_report_knows_is_linked_when_it_reaches_the_centre_by_another_way(
    border: Border,
) -> None:
    gateway, centre = border.gateway, border.centre
    await keep(gateway.blobs["deidentified"], documents=[document()])

    await gateway.take(report(document(), study_instance_uid=OTHER, accession_number=""))
    await until(border.idle)
    (waiting,) = (await centre.get("/api/links"))["links"]
    border.archive.studies[OTHER] = {"00100020": {"vr": "LO", "Value": ["P1"]}}
    await centre.take(stored(OTHER))

    assert waiting["reason"] == "study-awaited"
    assert (await centre.get(f"/api/reports?study={OTHER}"))["total"] == 1


async def test_the_centre_recalls_a_study_and_gets_it(border: Border) -> None:
    images = instances(STUDY)
    await keep(border.gateway.blobs["deidentified"], images)
    await border.gateway.take(images)
    await until(border.idle)

    await border.centre.post("/api/recalls", {"study_instance_uid": STUDY, "by": "Dr. Who"}, 201)

    async def answered() -> bool:
        return len((await border.centre.get("/api/recalls?state=redelivered&site=hospital"))["recalls"]) == 1

    await until(answered)
    assert set(border.archive.stored.values()) == {2}
    assert max(event.instances for event in border.gateway.of(Delivered)) == 2


def certificate(folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None):  # type: ignore[no-untyped-def]
    """Write NAME.pem and NAME.key; return certificate and key. Without an issuer it is an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer, signer_key = issuer or (None, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(signer_key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made, key


@pytest.mark.parametrize("shows_certificate", [True, False])
async def test_delivery_goes_only_to_the_right_centre_and_from_a_gateway_that_it_knows(
    tmp_path: Path, shows_certificate: bool
) -> None:
    authority = certificate(tmp_path, "authority")
    certificate(tmp_path, "centre", authority)
    certificate(tmp_path, "gateway", authority)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "authority.pem")
    context.load_cert_chain(tmp_path / "centre.pem", tmp_path / "centre.key")
    context.verify_mode = ssl.CERT_REQUIRED
    archive = Archive()
    server = TestServer(archive.application(), scheme="https")
    await server.start_server(ssl=context)
    mine = {"client_certificate": f"{tmp_path}/gateway.pem", "client_key": f"{tmp_path}/gateway.key"}
    settings = gateway_environ(
        str(server.make_url("")).rstrip("/"),
        centre_ca=f"{tmp_path}/authority.pem",
        **(mine if shows_certificate else {}),
    )
    try:
        async with opened(GATEWAY, tmp_path / "gateway", settings) as gateway:
            await keep(gateway.blobs["deidentified"], instances(STUDY))
            await gateway.take(instances(STUDY))

            async def settled() -> bool:
                done: int = (await gateway.get("/api/gateway/deliveries"))["counts"]["done"]
                return done > 0 or (await gateway.image_outage())[0] > 0

            await until(settled)
            assert bool(archive.stored) == shows_certificate
    finally:
        await server.close()


async def test_a_centre_with_an_unknown_certificate_gets_nothing(tmp_path: Path) -> None:
    certificate(tmp_path, "stranger")
    certificate(tmp_path, "authority")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "stranger.pem", tmp_path / "stranger.key")
    archive = Archive()
    server = TestServer(archive.application(), scheme="https")
    await server.start_server(ssl=context)
    settings = gateway_environ(str(server.make_url("")).rstrip("/"), centre_ca=f"{tmp_path}/authority.pem")
    try:
        async with opened(GATEWAY, tmp_path / "gateway", settings) as gateway:
            await keep(gateway.blobs["deidentified"], instances(STUDY))
            await gateway.take(instances(STUDY))

            async def refused() -> bool:
                return (await gateway.image_outage())[1] == "tls"

            await until(refused)
            assert archive.stored == {}
    finally:
        await server.close()
