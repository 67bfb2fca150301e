"""What every blob store does."""

import asyncio
import hashlib
import os

import pytest

from shared.blobs import Blobs
from shared.errors import Invalid, NotFound

LARGE = os.urandom(20 << 20) + b"end"


async def test_what_is_put_is_got(blobs: Blobs) -> None:
    await blobs.put("instances/1.2.3.dcm", b"some bytes")

    assert await blobs.get("instances/1.2.3.dcm") == b"some bytes"
    assert await blobs.size("instances/1.2.3.dcm") == 10


@pytest.mark.parametrize("data", [b"", bytearray(b"ab"), memoryview(b"xaby")[1:3], LARGE])
async def test_any_buffer_of_any_size_is_kept(blobs: Blobs, data: bytes) -> None:
    await blobs.put("some", data)

    assert await blobs.get("some") == bytes(data)
    assert await blobs.size("some") == len(data)


async def test_putting_a_key_again_replaces_it(blobs: Blobs) -> None:
    await blobs.put("some", b"long before")

    await blobs.put("some", b"now")

    assert await blobs.get("some") == b"now"
    assert [key async for key in blobs.keys("")] == ["some"]


async def test_readers_of_a_key_that_is_replaced_see_one_or_the_other(blobs: Blobs) -> None:
    first, second = b"1" * 300_000, b"2" * 300_000
    await blobs.put("some", first)

    async def replace() -> None:
        for number in range(20):
            await blobs.put("some", second if number % 2 else first)

    async def read() -> set[bytes]:
        return {await blobs.get("some") for _ in range(20)}

    seen, _ = await asyncio.gather(read(), replace())

    assert seen <= {first, second}


async def test_many_are_put_at_once(blobs: Blobs) -> None:
    items = {f"series/{number}/instance": bytes([number]) * number for number in range(120)}

    await blobs.put_many(items)

    assert {key: await blobs.get(key) for key in items} == items
    assert {key async for key in blobs.keys("series/")} == items.keys()


async def test_putting_none_does_nothing(blobs: Blobs) -> None:
    await blobs.put_many({})

    assert [key async for key in blobs.keys("")] == []


@pytest.mark.parametrize(
    ("start", "length"), [(0, 4), (5, None), (5, 3), (9, 100), (10, 1), (50, None), (3, 0), (0, None)]
)
async def test_a_range_is_got_and_streamed(blobs: Blobs, start: int, length: int | None) -> None:
    data = b"0123456789"
    await blobs.put("some", data)

    expected = data[start:] if length is None else data[start : start + length]

    assert await blobs.get("some", start, length) == expected
    assert b"".join([part async for part in blobs.stream("some", start, length, chunk=2)]) == expected


async def test_a_stream_comes_in_chunks(blobs: Blobs) -> None:
    await blobs.put("some", LARGE)

    sizes, digest = [], hashlib.sha256()
    async for part in blobs.stream("some", 1, chunk=1 << 18):
        sizes.append(len(part))
        digest.update(part)

    assert max(sizes) <= 1 << 18
    assert digest.digest() == hashlib.sha256(LARGE[1:]).digest()


async def test_a_stream_can_be_left(blobs: Blobs) -> None:
    await blobs.put("some", LARGE)

    async for part in blobs.stream("some"):
        first = part
        break

    assert LARGE.startswith(first)
    assert await blobs.delete("some")


@pytest.mark.parametrize("size", [0, 5, 3_000_000, len(LARGE)])
async def test_a_writer_commits_under_a_key_known_at_the_end(blobs: Blobs, size: int) -> None:
    data, digest = LARGE[:size], hashlib.sha256()

    async with blobs.writer() as writer:
        for place in range(0, size, 700_001):
            chunk = memoryview(data)[place : place + 700_001]
            digest.update(chunk)
            await writer.write(chunk)
        await writer.commit(digest.hexdigest())

    assert await blobs.get(digest.hexdigest()) == data


async def test_a_writer_does_not_keep_the_callers_buffer(blobs: Blobs) -> None:
    buffer = bytearray(b"first")

    async with blobs.writer() as writer:
        await writer.write(memoryview(buffer))
        buffer[:] = b"again"
        await writer.write(memoryview(buffer))
        await writer.commit("some")

    assert await blobs.get("some") == b"firstagain"


async def test_a_writer_left_without_commit_leaves_nothing(blobs: Blobs) -> None:
    async with blobs.writer() as writer:
        await writer.write(LARGE)

    with pytest.raises(RuntimeError, match="broken off"):
        async with blobs.writer() as writer:
            await writer.write(b"x" * 3_000_000)
            raise RuntimeError("broken off")

    assert [key async for key in blobs.keys("")] == []


async def test_an_unknown_key_is_not_found(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        await blobs.get("unknown")
    with pytest.raises(NotFound):
        await blobs.get("unknown", 5, 5)
    with pytest.raises(NotFound):
        await anext(aiter(blobs.stream("unknown")))
    assert await blobs.size("unknown") is None
    assert not await blobs.delete("unknown")
    assert blobs.local_path("unknown") is None


async def test_what_is_deleted_is_gone(blobs: Blobs) -> None:
    await blobs.put("some", b"x")

    assert await blobs.delete("some")

    assert await blobs.size("some") is None
    assert not await blobs.delete("some")
    assert [key async for key in blobs.keys("")] == []


async def test_keys_are_listed_by_any_prefix(blobs: Blobs) -> None:
    keys = {"a", "ab", "a/b", "a/bc", "a/b/c", "a.b/c/d", "B/x-_1.dcm", "a/.hidden"}
    for key in sorted(keys):  # SeaweedFS loses an object put at the same moment as one below it ("a/b", "a/b/c")
        await blobs.put(key, b"x")

    for prefix in ["", "a", "a/", "a/b", "a/b/", "a.", "A", "B/x", "a/b/c/d", "nothing/"]:
        assert {key async for key in blobs.keys(prefix)} == {key for key in keys if key.startswith(prefix)}


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "..", "a/../b", ".", "a/./b", "a b", "a\\b", "ä", "a\n", "a\0", "x" * 241]
)
async def test_what_is_no_key_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        await blobs.put(key, b"x")
    with pytest.raises(Invalid):
        await blobs.get(key)
    with pytest.raises(Invalid):
        await blobs.size(key)
    with pytest.raises(Invalid):
        blobs.local_path(key)
    with pytest.raises(Invalid):
        async with blobs.writer() as writer:
            await writer.commit(key)

    assert refused.value.reason == "bad-blob-key"
    assert [found async for found in blobs.keys("")] == []


async def test_a_ping_leaves_nothing_behind(blobs: Blobs) -> None:
    await blobs.ping()

    assert [key async for key in blobs.keys("")] == []


async def test_many_callers_write_and_read_at_once(blobs: Blobs) -> None:
    async def one(number: int) -> bool:
        data = str(number).encode() * 10_000
        async with blobs.writer() as writer:
            await writer.write(data)
            await writer.commit(f"many/{number}")
        return await blobs.get(f"many/{number}") == data

    assert all(await asyncio.gather(*(one(number) for number in range(60))))


async def test_keys_come_in_pages(blobs: Blobs) -> None:
    await blobs.put_many({f"pages/{number}": b"x" for number in range(5)} | {"other": b"x"})

    pages = [page async for page in blobs.key_pages("pages/", size=2)]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(key for page in pages for key in page) == [f"pages/{number}" for number in range(5)]
