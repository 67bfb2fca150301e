"""dicomweb-client, every public method of it, and a client that fetches priors as a PACS does, over a real archive."""

import asyncio
import inspect
import io
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urljoin

import numpy as np
import orjson
import pydicom
import pytest_asyncio
import requests
from dicomweb_client import DICOMwebClient
from PIL import Image
from pydicom.uid import UID

from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import INSTALLED, Serving, parts_of, serving_all

NOT_ASKED_OF_A_SERVER = {"lookup_keyword", "lookup_tag", "set_chunk_size", "set_http_retry_params"}
COLOUR = INSTALLED / "SC_rgb_small_odd.dcm"


class Recorded:
    """A client whose method calls are run in a thread and remembered by name."""

    def __init__(self, client: DICOMwebClient) -> None:
        self._client = client
        self.used: set[str] = set()

    async def __call__(self, name: str, *given: Any, **options: Any) -> Any:
        """Call a method; what it yields is read to its end."""
        self.used.add(name)
        return await asyncio.to_thread(self._run, getattr(self._client, name), given, options)

    def _run(self, method: Callable[..., Any], given: Any, options: Any) -> Any:
        found = method(*given, **options)
        return list(found) if inspect.isgenerator(found) or hasattr(found, "__next__") else found


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    async with serving_all(archive.deps, archive.store) as found:
        yield found


def administrators(url: str) -> DICOMwebClient:
    """Return a client that may delete."""
    session = requests.Session()
    session.headers.update({"Authorization": "Bearer secret", "X-Reason": "a test"})
    return DICOMwebClient(url, session=session)


async def test_every_public_method_of_dicomweb_client_is_answered(serving: Serving) -> None:
    call = Recorded(administrators(serving.url))
    sent = pydicom.dcmread(COLOUR)
    study, series, instance = sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
    every = {name for name, _ in inspect.getmembers(DICOMwebClient, inspect.isfunction) if name[0] != "_"}

    answer = await call("store_instances", [sent], study)
    studies = await call("search_for_studies", search_filters={"PatientID": sent.PatientID})
    (found,) = await call("search_for_series", study, search_filters={"Modality": sent.Modality})
    (listed,) = await call("search_for_instances", study, series, fields=["Rows"])
    read = [
        *await call("retrieve_study", study),
        *await call("iter_study", study),
        *await call("retrieve_series", study, series),
        *await call("iter_series", study, series),
        await call("retrieve_instance", study, series, instance),
    ]
    (metadata,) = await call("retrieve_study_metadata", study)
    (of_series,) = await call("retrieve_series_metadata", study, series)
    of_instance = await call("retrieve_instance_metadata", study, series, instance)
    (frame,) = await call("retrieve_instance_frames", study, series, instance, [1])
    (iterated,) = await call("iter_instance_frames", study, series, instance, [1])
    pixels = urljoin(serving.url, metadata["7FE00010"]["BulkDataURI"])
    (bulk,) = await call("retrieve_bulkdata", pixels)
    (streamed,) = await call("iter_bulkdata", pixels)
    drawn = [
        await call("retrieve_series_rendered", study, series, media_types=("image/png",)),
        await call("retrieve_instance_rendered", study, series, instance, media_types=("image/png",)),
        await call("retrieve_instance_frames_rendered", study, series, instance, [1], media_types=("image/png",)),
    ]

    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [instance]
    assert [each["0020000D"]["Value"] for each in studies] == [[study]]
    assert (found["0020000E"]["Value"], listed["00080018"]["Value"]) == ([series], [instance])
    assert [one == sent for one in read] == [True] * 5
    assert metadata == of_series == of_instance
    assert {bytes(frame), bytes(iterated), bytes(bulk).rstrip(b"\0"), bytes(streamed).rstrip(b"\0")} == {
        sent.PixelData.rstrip(b"\0")
    }
    for picture in drawn:
        shown = Image.open(io.BytesIO(picture if isinstance(picture, bytes) else picture[0])).convert("RGB")
        assert np.array_equal(np.asarray(shown), sent.pixel_array)
    await call("delete_instance", study, series, instance)
    assert await call("search_for_instances") == []
    await call("store_instances", [sent])
    await call("delete_series", study, series)
    await call("store_instances", [sent])
    await call("delete_study", study)
    assert await call("search_for_studies") == []
    assert call.used == every - NOT_ASKED_OF_A_SERVER


def prior(folder: str, patient: str, modality: str, number: int) -> bytes:
    """Return an Instance of its own Study of a patient, made from a real one."""
    data = pydicom.dcmread(INSTALLED / folder)
    data.PatientID, data.Modality = patient, modality
    data.StudyInstanceUID, data.SeriesInstanceUID = f"1.2.826.0.1.{number}", f"1.2.826.0.1.{number}.1"
    data.SOPInstanceUID = UID(f"1.2.826.0.1.{number}.1.1")
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file = io.BytesIO()
    data.save_as(file)
    return file.getvalue()


async def answered(serving: Serving, path: str) -> Any:
    """Return the JSON of a path that is there."""
    status, headers, body = await serving.get(
        path, **{"Accept": "application/dicom+json", "Accept-Encoding": "identity"}
    )
    assert (status, headers["Content-Type"]) == (200, "application/dicom+json")
    return orjson.loads(body)


async def fetch_priors(serving: Serving, patient: str, modality: str) -> dict[str, bytes]:
    """Do what a PACS does before a reading: find the patient's Studies of a modality, walk them, fetch the Series."""
    got: dict[str, bytes] = {}
    for study in await answered(serving, f"studies?PatientID={patient}&ModalitiesInStudy={modality}"):
        uid = study["0020000D"]["Value"][0]
        for series in await answered(serving, f"studies/{uid}/series?Modality={modality}"):
            path = f"studies/{uid}/series/{series['0020000E']['Value'][0]}"
            instances = await answered(serving, f"{path}/instances")
            metadata = await answered(serving, f"{path}/metadata")
            status, headers, body = await serving.get(
                path, 'multipart/related; type="application/dicom"; transfer-syntax=*'
            )
            parts = [content for _, content in parts_of(headers, body)]
            assert status == 200
            assert len(parts) == len(instances) == len(metadata) == series["00201209"]["Value"][0]
            got.update({str(pydicom.dcmread(io.BytesIO(part)).SOPInstanceUID): part for part in parts})
    return got


async def test_a_pacs_fetches_the_priors_of_its_patient_and_modality_and_nothing_else(serving: Serving) -> None:
    ours = [prior("CT_small.dcm", "77", "CT", number) for number in (1, 2)]
    others = [prior("CT_small.dcm", "78", "CT", 3), prior("MR_small.dcm", "77", "MR", 4)]
    await serving.take(*ours, *others)

    got = await fetch_priors(serving, "77", "CT")

    assert sorted(got) == ["1.2.826.0.1.1.1.1", "1.2.826.0.1.2.1.1"]
    assert sorted(got.values()) == sorted(ours)


async def changes(serving: Serving, after: int, level: str) -> list[Any]:
    """Return what the change feed lists after a Sequence."""
    status, _, body = await serving.get(
        f"changefeed?after={after}&limit=2&level={level}", **{"Accept-Encoding": "identity"}
    )
    assert status == 200
    found = orjson.loads(body)
    return list(found)


async def test_a_pacs_that_stopped_goes_on_in_the_change_feed_and_misses_nothing(serving: Serving) -> None:
    await serving.take(*(prior("CT_small.dcm", "77", "CT", number) for number in (1, 2, 3)))
    seen = await changes(serving, 0, "study")
    await serving.take(*(prior("CT_small.dcm", "77", "CT", number) for number in (4, 5)))

    while batch := await changes(serving, seen[-1]["Sequence"], "study"):
        seen += batch

    assert [each["StudyInstanceUID"] for each in seen] == [f"1.2.826.0.1.{number}" for number in (1, 2, 3, 4, 5)]
