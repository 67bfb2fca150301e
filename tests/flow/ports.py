"""The ports a flow runs on, and a search through every byte that they hold."""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pymongo
import pytest
from obstore.store import S3Store

from tests.servers.s3 import Bucket

ROLES = {"gateway": "jmid_gateway", "centre": "jmid_centre"}


@dataclass(frozen=True)
class Ports:
    """environ: what the processes are told.  mongo_uri, database, bucket: where to look afterwards."""

    environ: Mapping[str, str]
    mongo_uri: str = ""
    bucket: Bucket | None = None

    @classmethod
    def embedded(cls) -> "Ports":
        return cls({})

    @classmethod
    def servers(cls, request: pytest.FixtureRequest) -> "Ports":
        """RabbitMQ, the MongoDB protocol and S3, each empty."""
        amqp: str = request.getfixturevalue("amqp_vhost_url")
        mongo: str = request.getfixturevalue("mongodb").uri
        bucket: Bucket = request.getfixturevalue("s3_bucket")
        with pymongo.MongoClient[dict[str, Any]](mongo) as client:
            for name in ROLES.values():
                client.drop_database(name)
        environ = {
            "JMID_BUS": amqp,
            "JMID_DOCUMENTS": mongo,
            "JMID_BLOBS": f"s3://{bucket.name}",
            **bucket.environ,
        }
        return cls(environ, mongo, bucket)


def every_byte(folder: Path, ports: Ports, values: Iterable[str], *more: Path) -> list[tuple[str, str]]:
    """Return (where, value) for each of the values that occurs in any byte of the centre, in any encoding.

    folder, more: where processes of the centre keep files.
    """
    needles = [(value, form) for value in values for form in _forms(value)]
    found: list[tuple[str, str]] = []
    read = 0
    for where, data in chain(*map(_contents, (folder, *more)), _served(ports)):
        for text in (data, *_inflated(data)):
            read += len(text)
            found += [(where, value) for value, form in needles if form in text]
    assert read > 1_000_000, "there is nothing to search through"
    return found


def _served(ports: Ports) -> Iterator[tuple[str, bytes]]:
    """Yield what the servers keep of the centre."""
    if not ports.mongo_uri or ports.bucket is None:
        return
    with pymongo.MongoClient[dict[str, Any]](ports.mongo_uri) as client:
        database = client[ROLES["centre"]]
        for name in database.list_collection_names():
            for document in database[name].find():
                yield f"mongo:{name}", b"\n".join(_flat(document))
    store = S3Store(ports.bucket.name, config=_s3_config(ports.bucket), client_options={"allow_http": True})
    for batch in store.list("centre/"):
        for item in batch:
            yield f"s3:{item['path']}", bytes(store.get(item["path"]).bytes())


def _s3_config(bucket: Bucket) -> Any:
    names = {"AWS_ACCESS_KEY_ID": "access_key_id", "AWS_SECRET_ACCESS_KEY": "secret_access_key"}
    names |= {"AWS_ENDPOINT_URL": "endpoint", "AWS_REGION": "region"}
    return {name: bucket.environ[variable] for variable, name in names.items()}


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name).encode()
            yield from _flat(each)
    elif isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value if isinstance(value, bytes) else str(value).encode()


def _forms(value: str) -> set[bytes]:
    forms = set()
    for encoding in ("utf-8", "utf-16-le", "shift_jis", "euc_jp", "iso2022_jp"):
        try:
            encoded = value.encode(encoding)
        except UnicodeEncodeError:
            continue
        if encoding == "iso2022_jp" and not value.isascii():
            encoded = encoded[3:-3]  # without the escape sequences, which stand once for several words
        forms.add(encoded)
    return {form for form in forms if len(form) > 5}  # shorter ones stand in compressed bytes by chance


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield str(path.relative_to(folder)), path.read_bytes()
        if path.suffix == ".sqlite":
            yield from _rows(path)


def _rows(path: Path) -> Iterator[tuple[str, bytes]]:
    with sqlite3.connect(path) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes | str):
                        yield f"{path.name}:{table}", value if isinstance(value, bytes) else value.encode()


def _inflated(data: bytes) -> Iterator[bytes]:
    """Yield what every gzip member in the data holds."""
    at = data.find(b"\x1f\x8b\x08")
    while at >= 0:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(data[at:])
        at = data.find(b"\x1f\x8b\x08", at + 1)
