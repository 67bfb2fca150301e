"""What the retrieve side does when what is stored is broken, when bytes go missing, and with senseless requests."""

import string

import aiohttp
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.archive.records import INSTANCES
from tests.archive.retrieve.fixtures import Serving, data_of, path_of
from tests.examples import examples

STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def another(data: bytes) -> bytes:
    """Return the same image as another Instance of its Series."""
    return data.replace(
        b"1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322", b"1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12323"
    )


async def test_bytes_that_vanish_under_way_break_the_answer_off(serving: Serving) -> None:
    first, second = await serving.take(data_of("CT_small.dcm"), another(data_of("CT_small.dcm")))
    last = max(first, second, key=lambda record: record.sop_instance_uid)
    await serving.deps.blobs.delete(last.blob)

    with pytest.raises(aiohttp.ClientError):
        await serving.get(f"studies/{first.study_instance_uid}", STORED)


async def test_bytes_that_are_not_there_at_all_are_refused_before_anything_is_sent(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    await serving.deps.blobs.delete(record.blob)

    for path, expected in (("", 500), ("/frames/1", 410), ("/rendered", 410), ("/bulkdata/7FE00010", 410)):
        status, headers, body = await serving.get(path_of(record) + path, "*/*")
        assert (status, headers["Content-Type"].partition(";")[0]) == (expected, "application/json"), path
        assert b"reason" in body


@pytest.mark.parametrize("path", ["frames/1", "rendered", "thumbnail", "pixeldata", ""])
async def test_a_frame_that_cannot_be_decoded_is_refused_but_comes_as_stored(serving: Serving, path: str) -> None:
    broken = bytearray(data_of("MR_small_jp2klossless.dcm"))
    broken[-4000:-1000] = bytes(3000)
    (record,) = await serving.take(bytes(broken))

    status, _, _ = await serving.get(
        f"{path_of(record)}/{path}".rstrip("/"), "multipart/related" if path == "pixeldata" else "*/*"
    )
    stored, _, body = await serving.get(path_of(record), "application/dicom; transfer-syntax=*")

    assert status in (200, 406)  # a decoder may make something of it
    assert (stored, body) == (200, bytes(broken))


async def test_an_object_cut_short_is_refused_where_its_pixels_are_needed(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    assert record.pixels is not None
    cut = msgspec.structs.replace(record, pixels=msgspec.structs.replace(record.pixels, number_of_frames=3))
    await serving.deps.documents.put(INSTANCES, cut)

    assert (await serving.get(f"{path_of(record)}/frames/2"))[0] == 406
    assert (await serving.get(f"{path_of(record)}/frames/1"))[0] == 200


texts = st.text(string.printable, max_size=40)


async def test_senseless_requests_never_make_the_server_fail(serving: Serving) -> None:
    (record,) = await serving.take(data_of("CT_small.dcm"))
    known = path_of(record)
    asked: list[tuple[str, dict[str, str], str]] = []

    @settings(max_examples=examples(150), deadline=None, database=None)
    @given(
        st.sampled_from(
            [
                "",
                "/metadata",
                "/rendered",
                "/thumbnail",
                "/frames/1",
                "/bulkdata",
                "/bulkdata/7FE00010",
                "/frames/1/rendered",
            ]
        ),
        st.dictionaries(
            st.sampled_from(["accept", "window", "viewport", "quality", "annotation", "charset"]), texts, max_size=3
        ),
        texts,
    )
    def collect(path: str, query: dict[str, str], accept: str) -> None:
        asked.append((path, query, accept))

    collect()
    for path, query, accept in asked:
        clean = "".join(c for c in accept if c.isprintable())
        async with serving.client.get(
            f"{serving.url}/{known}{path}", params=query, headers={"Accept": clean}
        ) as answer:
            await answer.read()
            assert answer.status < 500, (path, query, accept)
