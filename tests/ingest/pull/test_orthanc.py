"""Pulls from Orthanc, where it is installed: C-GET, C-MOVE and DICOMweb, and DIMSE by TLS."""

from pathlib import Path

import pytest

from services.ingest.pull.wanted import by_query
from services.ingest.receipts.records import RECEIPTS
from tests.ingest.conftest import open_doors
from tests.ingest.pull.test_pull import DIMSE_PORT, begun, ended, sources, study_of, told
from tests.servers.certificates import Authority
from tests.servers.orthanc import TITLE, Orthanc
from tests.servers.process import free_ports

pytestmark = pytest.mark.servers
QUERY = ["StudyDate=20240401-20240531"]


@pytest.mark.parametrize(("retrieve", "endpoint"), [("get", "pull"), ("move", "dimse"), ("web", "pull")])
async def test_a_study_of_orthanc_comes_whole(tmp_path: Path, ct: list[Path], retrieve: str, endpoint: str) -> None:
    (own_port,) = free_ports(1)
    with Orthanc({"JMID": own_port}) as pacs:
        pacs.put(*study_of(tmp_path, ct[0], 3, StudyDate="20240501"))
        source = f'name = "pacs"\nhost = "127.0.0.1"\nport = {pacs.port}\nae_title = "{TITLE}"\nretrieve = "{retrieve}"'
        if retrieve == "web":
            source = f'name = "pacs"\nurl = "http://127.0.0.1:{pacs.http_port}/dicom-web"'
        own = {**sources(tmp_path, source), DIMSE_PORT: str(own_port)}
        async with open_doors(tmp_path / "home", **own) as doors:
            rows = await ended(doors, await begun(doors, by_query(QUERY)))
            receipts = (await doors.documents.find(RECEIPTS)).documents

    assert told(rows) == [("arrived", 3, 3, "")]
    assert {(each.endpoint, each.received) for each in receipts} == {(endpoint, 3)}


async def test_a_source_by_tls_sees_our_certificate(tmp_path: Path, ct: list[Path]) -> None:
    authority = Authority(tmp_path / "pki")
    theirs, ours = authority.issue("CN=pacs"), authority.issue("CN=gateway")
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(theirs.certificate),
        "DicomTlsPrivateKey": str(theirs.key),
        "DicomTlsTrustedCertificates": str(authority.file),
        "DicomTlsRemoteCertificateRequired": True,
    }
    pacs = Orthanc({}, settings)
    pacs.client_options = ["+tls", str(ours.key), str(ours.certificate), "+cf", str(authority.file)]
    with pacs:
        pacs.put(*study_of(tmp_path, ct[0], 2, StudyDate="20240501"))
        source = f'name = "pacs"\nhost = "localhost"\nport = {pacs.port}\nae_title = "{TITLE}"\ntls = true'
        own = {
            **sources(tmp_path, f'{source}\nca = "{authority.file}"'),
            "JMID_INGEST_TLS_CERTIFICATE": str(ours.certificate),
            "JMID_INGEST_TLS_KEY": str(ours.key),
        }
        async with open_doors(tmp_path / "home", **own) as doors:
            rows = await ended(doors, await begun(doors, by_query(QUERY)))

    assert told(rows) == [("arrived", 2, 2, "")]
