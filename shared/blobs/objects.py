"""The blob store in S3 or Google Cloud Storage. The only module that imports obstore.

A place is ``s3://bucket/prefix`` or ``gs://bucket/prefix``. Stores of different trust zones can have different
credentials: ``s3://KEY:SECRET@bucket/prefix?endpoint=https://host&region=name``; otherwise AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION and so on (GOOGLE_APPLICATION_CREDENTIALS, …) are taken.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore import exceptions
from obstore.store import GCSStore, ObjectStore, S3Store

from shared.blobs import Blobs, Writer
from shared.blobs.keys import checked, checked_prefix
from shared.blobs.local_files import Data, writing
from shared.errors import JmidError, NotFound, SettingsError, StorageFull, Unavailable

PART_BYTES = 8 << 20
"""A larger blob is written in parts, and read in ranges, of this size."""
SPOOL_BYTES = 8 << 20
"""A writer keeps this much in memory, more in a file without a name."""
AT_ONCE = 16
RETRY_S = 20.0
PING_S = 10.0
_PING = ".jmid-ping"
_EXAMPLE = "for example s3://bucket/prefix"


@asynccontextmanager
async def open_objects(
    place: str, *, environ: Mapping[str, str], retry_s: float = RETRY_S
) -> AsyncIterator["ObjectBlobs"]:
    """Yield the blob store at this place. retry_s: how long a failing request is tried again."""
    yield ObjectBlobs(_open(place, environ, retry_s))


def _open(place: str, environ: Mapping[str, str], retry_s: float) -> ObjectStore:
    url = urlsplit(place)
    bucket, prefix = url.hostname, url.path.strip("/") or None
    if url.scheme not in ("s3", "gs") or not bucket:
        raise SettingsError(f"a place of blobs is neither embedded nor a bucket; {_EXAMPLE}")
    common: dict[str, Any] = {
        "prefix": prefix,
        "client_options": {"connect_timeout": "5s", "timeout": "60s"},
        "retry_config": {
            "max_retries": 10,
            "retry_timeout": timedelta(seconds=retry_s),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2},
        },
    }
    try:
        if url.scheme == "gs":
            return GCSStore(bucket, config=_chosen(environ, "GOOGLE_"), **common)  # type: ignore[arg-type]
        config = _chosen(environ, "AWS_") | _from_url(url.username, url.password, parse_qs(url.query))
        if config.get("aws_endpoint_url", "").startswith("http://"):
            config["aws_allow_http"] = "true"
        return S3Store(bucket, config=config, **common)  # type: ignore[arg-type]
    except exceptions.BaseError as error:
        raise SettingsError(f"the place of blobs cannot be used ({type(error).__name__}); {_EXAMPLE}") from None


def _chosen(environ: Mapping[str, str], start: str) -> dict[str, str]:
    """Return what obstore knows of these variables."""
    names = _KNOWN & {name.lower() for name in environ if name.startswith(start)}
    return {name: environ[name.upper()] for name in names}


_KNOWN = {
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_endpoint_url",
    "aws_region",
    "aws_default_region",
    "aws_web_identity_token_file",
    "aws_role_arn",
    "aws_role_session_name",
    "aws_allow_http",
    "aws_virtual_hosted_style_request",
    "google_application_credentials",
    "google_service_account",
    "google_service_account_key",
}


def _from_url(user: str | None, password: str | None, query: Mapping[str, list[str]]) -> dict[str, str]:
    options = {"aws_access_key_id": unquote(user or ""), "aws_secret_access_key": unquote(password or "")}
    options |= {f"aws_{name}": query.get(short, [""])[-1] for short, name in _QUERY.items()}
    return {name: value for name, value in options.items() if value}


_QUERY = {"endpoint": "endpoint_url", "region": "region"}


class ObjectBlobs(Blobs):
    """See shared.blobs.Blobs."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, data: Data) -> None:
        await self._put(checked(key), data if isinstance(data, bytes) else bytes(data), len(data))

    async def put_many(self, items: dict[str, bytes]) -> None:
        for key in items:
            checked(key)
        limit = asyncio.Semaphore(AT_ONCE)

        async def put_one(key: str, data: bytes) -> None:
            async with limit:
                await self.put(key, data)

        outcomes = await asyncio.gather(*(put_one(*item) for item in items.items()), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            yield _ObjectWriter(self, spool)

    async def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return b"".join([part async for part in self._parts(key, start, length)])

    async def stream(
        self, key: str, start: int = 0, length: int | None = None, chunk: int = 1 << 18
    ) -> AsyncIterator[bytes]:
        async for part in self._parts(key, start, length):
            for place in range(0, len(part), chunk):
                yield part[place : place + chunk]

    async def size(self, key: str) -> int | None:
        try:
            return int((await self._head(key))["size"])
        except NotFound:
            return None

    async def delete(self, key: str) -> bool:
        there = await self.size(key) is not None
        if there:
            with _ours(), suppress(exceptions.NotFoundError, FileNotFoundError):
                await obstore.delete_async(self._store, key)
        return there

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        folder = checked_prefix(prefix).rpartition("/")[0]
        listing = obstore.list(self._store, folder or None, chunk_size=1000)
        while True:
            with _ours():
                try:
                    some = await anext(listing)
                except StopAsyncIteration:
                    return
            for each in some:
                if each["path"].startswith(prefix) and each["path"] != _PING:
                    yield each["path"]

    def local_path(self, key: str) -> Path | None:
        checked(key)
        return None

    async def ping(self) -> None:
        try:
            async with asyncio.timeout(PING_S):
                await self._put(_PING, b"", 0)
        except TimeoutError:
            raise Unavailable(f"blobs: no answer in {PING_S:g} s") from None

    async def close(self) -> None:
        """Nothing is kept open."""

    async def put_file(self, key: str, file: IO[bytes], size: int) -> None:
        """Put what the file holds."""
        file.seek(0)
        await self._put(checked(key), file.read() if size <= SPOOL_BYTES else file, size)

    async def _put(self, key: str, data: bytes | IO[bytes], size: int) -> None:
        try:
            with _ours():
                large = size > PART_BYTES
                await obstore.put_async(self._store, key, data, use_multipart=large, chunk_size=PART_BYTES)
        except NotFound:
            raise Unavailable("blobs: there is no such bucket") from None

    async def _parts(self, key: str, start: int, length: int | None) -> AsyncIterator[bytes]:
        """Read range after range, so that a slow reader neither holds a connection nor runs into its timeout."""
        etag: str | None = None
        end = None if length is None else start + length
        while end is None or start < end:
            stop = start + PART_BYTES if end is None else min(start + PART_BYTES, end)
            part, size, etag = await self._range(key, start, stop, etag)
            end = size if end is None else min(end, size)
            start += len(part)
            yield part

    async def _range(self, key: str, start: int, stop: int, etag: str | None) -> tuple[bytes, int, str | None]:
        """Return a range of the blob, which must still be the one with this tag; its size; its tag."""
        options: Any = {"range": (start, stop), **({"if_match": etag} if etag else {})}
        with _ours():
            try:
                answer = await obstore.get_async(self._store, checked(key), options=options)
                return bytes(await answer.bytes_async()), answer.meta["size"], answer.meta["e_tag"]
            except exceptions.BaseError:
                size = (await self._head(key))["size"]
                if start < size:
                    raise
                return b"", size, etag  # RFC 9110, 15.5.17: a range outside is an error, of which only the text tells

    async def _head(self, key: str) -> Any:
        with _ours():
            return await obstore.head_async(self._store, checked(key))


class _ObjectWriter(Writer):
    """Spools, because S3 takes a key at the beginning."""

    def __init__(self, blobs: ObjectBlobs, spool: "tempfile.SpooledTemporaryFile[bytes]") -> None:
        self._blobs, self._spool = blobs, spool
        self._size = 0

    async def write(self, chunk: bytes | memoryview) -> None:
        self._size += len(chunk)
        if self._size <= SPOOL_BYTES:
            self._spool.write(chunk)
        else:
            await asyncio.to_thread(writing(self._spool.write), bytes(chunk))

    async def commit(self, key: str) -> None:
        await self._blobs.put_file(key, self._spool, self._size)


@contextmanager
def _ours() -> Iterator[None]:
    """Turn obstore's error into ours: its class and the status, because its text holds the key."""
    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError):
        raise NotFound("no-such-blob") from None
    except (exceptions.BaseError, OSError, ValueError) as error:
        raise _translated(error) from None


def _translated(error: Exception) -> JmidError:
    status = re.search(r"status(?: code)?:? \(?(\d{3})", str(error))
    text = f"blobs: {type(error).__name__}{f' {status[1]}' if status else ''}"
    return StorageFull(text) if status and status[1] == "507" else Unavailable(text)
