"""Any DICOMweb archive can stand at the other end: delivery to Orthanc, where it is installed."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from services.linker.gateway.records import DELIVERIES
from services.linker.service import GATEWAY
from shared.events import InstanceRef, InstancesDeidentified
from tests.linker.gateway.delivery.test_against_archive import instance
from tests.linker.samples import CT, keys, uid
from tests.linker.system import gateway_environ, opened, until
from tests.servers.process import free_ports

ORTHANC = shutil.which("Orthanc")
PLUGINS = Path(os.environ.get("JMID_TEST_ORTHANC_PLUGINS", "/usr/share/orthanc/plugins"))
STUDY = uid(1)

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not (ORTHANC and PLUGINS.is_dir()), reason="Orthanc with its DICOMweb plugin is not installed"),
]


@pytest.fixture
async def orthanc(tmp_path: Path) -> AsyncIterator[str]:
    """Yield the address of an Orthanc of this test's own."""
    http, dimse = free_ports(2)
    settings = {
        "HttpPort": http,
        "DicomPort": dimse,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "StorageDirectory": str(tmp_path / "orthanc"),
        "IndexDirectory": str(tmp_path / "orthanc"),
        "Plugins": [str(next(PLUGINS.glob("libOrthancDicomWeb*")))],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    process = await asyncio.create_subprocess_exec(
        str(ORTHANC),
        str(tmp_path / "orthanc.json"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{http}"
    try:
        async with aiohttp.ClientSession() as session:

            async def answers() -> bool:
                try:
                    async with session.get(f"{url}/dicom-web/studies") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(answers, 20)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def test_orthanc_takes_what_is_whole_and_the_rest_is_a_visible_failure(tmp_path: Path, orthanc: str) -> None:
    async with opened(GATEWAY, tmp_path / "gateway", gateway_environ(orthanc, attempts="2")) as gateway:
        blobs = {f"instances/{STUDY}.1.{n}.dcm": instance(STUDY, n) for n in range(1, 6)}
        blobs[f"instances/{STUDY}.1.3.dcm"] = b"not DICOM"
        await gateway.blobs["deidentified"].put_many(blobs)
        refs = tuple(InstanceRef(key, len(data), CT, key[10:-4], f"{STUDY}.1", "CT") for key, data in blobs.items())
        event = InstancesDeidentified.first(
            "e",
            correlation_id="r",
            site="hospital",
            receipt_id="r",
            keys=keys(study_instance_uid=STUDY),
            instances=refs,
        )

        await gateway.take(event)

        async def settled() -> bool:
            (delivery,) = (await gateway.documents.find(DELIVERIES)).documents
            return delivery.state == "failed"

        await until(settled, 20)
        (delivery,) = (await gateway.documents.find(DELIVERIES)).documents
        assert len(delivery.confirmed) == 4
        assert list(delivery.failed) == [f"{STUDY}.1.3"]
        async with gateway.session.get(f"{orthanc}/dicom-web/studies/{STUDY}/instances") as answer:
            assert len(await answer.json(content_type=None)) == 4
