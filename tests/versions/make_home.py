"""Make the fixture of what a commit's code keeps: ``python -m tests.versions.make_home CHECKOUT NAME``.

CHECKOUT: a working tree of that commit.  NAME: the fixture becomes tests/data/homes/NAME.tar.xz.
Two runs of ``jmid up`` with three Instances of each study of the bundled sample: one on embedded ports, one on
RabbitMQ, the MongoDB protocol and S3. What is disposable is left out: viewer, logs, scratch, search index. Both runs
end with nothing on its way. Beside each stands what the old code answered, which the new code must answer too.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymongo
from bson import json_util
from obstore.store import S3Store

from tests.servers.mongodb import MongoDB
from tests.servers.process import free_ports
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.s3 import Bucket, SeaweedFS
from tests.versions.answers import answers_of

HOMES = Path(__file__).parents[1] / "data" / "homes"
DATABASES = ("jmid_gateway", "jmid_centre")
INSTANCES_EACH = 3
START = f"""
from services import sample
whole = sample._studies
sample._studies = lambda: {{name: files[:{INSTANCES_EACH}] for name, files in whole().items()}}
from services.__main__ import main
main()
"""
DISPOSABLE = ("viewer", "jmid.log", "addresses", "centre/search", "centre/archive", "gateway/bus.sqlite.owners")


def main() -> None:
    """Make the fixture."""
    checkout, name = Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        _embedded(checkout, top)
        _servers(checkout, top)
        with tarfile.open(HOMES / f"{name}.tar.xz", "w:xz", preset=9) as archive:
            for each in ("embedded", "servers"):
                archive.add(top / each, each)
    print(f"{HOMES / name}.tar.xz: {(HOMES / f'{name}.tar.xz').stat().st_size} bytes")


def _embedded(checkout: Path, top: Path) -> None:
    home = top / "embedded" / "home"
    home.parent.mkdir()
    _run(checkout, home, home.parent / "answers.json", {})
    for each in DISPOSABLE:
        shutil.rmtree(home / each, ignore_errors=True)
        (home / each).unlink(missing_ok=True)


def _servers(checkout: Path, top: Path) -> None:
    folder = top / "servers"
    folder.mkdir()
    home, broker, mongo, s3 = top / "home", RabbitMQ(), MongoDB(), SeaweedFS()
    for server in (broker, mongo, s3):
        server.start()
    try:
        s3.account.request("PUT", "/fixture")
        bucket = Bucket(s3.account, "fixture")
        environ = {
            "JMID_BUS": broker.new_vhost(),
            "JMID_DOCUMENTS": mongo.uri,
            "JMID_BLOBS": f"s3://{bucket.name}",
            **bucket.environ,
        }
        _run(checkout, home, folder / "answers.json", environ)
        _dump_documents(mongo.uri, folder / "documents")
        _dump_blobs(bucket, folder / "blobs")
        shutil.copytree(home / "gateway", folder / "home" / "gateway", ignore=shutil.ignore_patterns("*.owners"))
        (folder / "home" / "sample.fed").touch()
    finally:
        for server in (broker, mongo, s3):
            server.stop()


def _dump_documents(uri: str, folder: Path) -> None:
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        for name in DATABASES:
            for collection in sorted(client[name].list_collection_names()):
                target = folder / name / f"{collection}.jsonl"
                target.parent.mkdir(parents=True, exist_ok=True)
                lines = [json_util.dumps(each) for each in client[name][collection].find()]
                target.write_text("".join(f"{line}\n" for line in lines))


def _dump_blobs(bucket: Bucket, folder: Path) -> None:
    store = S3Store(bucket.name, config=s3_config(bucket), client_options={"allow_http": True})
    for batch in store.list():
        for item in batch:
            target = folder / item["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bytes(store.get(item["path"]).bytes()))


def s3_config(bucket: Bucket) -> Any:
    """Return obstore's configuration of a bucket of the tests' S3."""
    names = {"AWS_ACCESS_KEY_ID": "access_key_id", "AWS_SECRET_ACCESS_KEY": "secret_access_key"}
    names |= {"AWS_ENDPOINT_URL": "endpoint", "AWS_REGION": "region"}
    return {name: bucket.environ[variable] for variable, name in names.items()}


def _run(checkout: Path, home: Path, answers: Path, environ: Mapping[str, str]) -> None:
    port, dimse = free_ports(2)
    command = [sys.executable, "-c", START, "up", "--insecure", "--home", str(home)]
    command += ["--port", str(port), "--dimse-port", str(dimse)]
    whole = {**os.environ, **environ, "PYTHONPATH": str(checkout)}
    with subprocess.Popen(command, cwd=checkout, env=whole) as process:
        try:
            _wait_until(lambda: (home / "sample.fed").exists())
            time.sleep(5)  # receipts hear of the delivery after the sample has been found
            answers.write_text(json.dumps(answers_of(f"http://127.0.0.1:{port}"), ensure_ascii=False, indent=1))
        finally:
            process.terminate()


def _wait_until(question: Any) -> None:
    deadline = time.monotonic() + 180
    while not question():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.3)


if __name__ == "__main__":
    main()
