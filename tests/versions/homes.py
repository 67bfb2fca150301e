"""Open the fixtures of what earlier code kept: as a home, or on servers."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pymongo
from bson import json_util
from obstore.store import S3Store

from tests.servers.s3 import Bucket
from tests.versions.make_home import HOMES, s3_config

NAMES = sorted(path.name.removesuffix(".tar.xz") for path in HOMES.glob("*.tar.xz"))
LONG = {"JMID_INGEST_RETENTION_DAYS": "36500"}  # nothing of the fixture is too old to be kept


def unpacked(name: str, folder: Path) -> Path:
    """Unpack the fixture into the folder and return it."""
    with tarfile.open(HOMES / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def answers(folder: Path) -> dict[str, Any]:
    """Return what the earlier code answered."""
    found: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return found


def fill_documents(folder: Path, uri: str) -> None:
    """Put the records into a server of MongoDB's protocol, in place of what its databases held."""
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        for database in sorted(folder.iterdir()):
            client.drop_database(database.name)
            for path in sorted(database.glob("*.jsonl")):
                records = [json_util.loads(line) for line in path.read_text().splitlines()]
                if records:
                    client[database.name][path.stem].insert_many(records)


def fill_bucket(folder: Path, bucket: Bucket) -> None:
    """Put the objects into a bucket."""
    store = S3Store(bucket.name, config=s3_config(bucket), client_options={"allow_http": True})
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            store.put(path.relative_to(folder).as_posix(), path.read_bytes())
