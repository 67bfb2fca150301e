"""Every implementation of the blobs port; the contract is the same for all."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.blobs import Blobs
from shared.blobs.local import open_local
from shared.blobs.objects import open_objects
from tests.servers.s3 import Bucket, NamedS3, SeaweedFS


@pytest.fixture(scope="session")
def bucket(s3: SeaweedFS | NamedS3) -> Bucket:
    """Return one bucket for all tests of the port: SeaweedFS has volumes for a few buckets only."""
    name = f"blobs-{uuid.uuid4().hex[:12]}"
    assert s3.account.request("PUT", f"/{name}") == 200
    return Bucket(s3.account, name)


@pytest.fixture
def place(bucket: Bucket) -> str:
    """Return a place in the bucket of this test's own."""
    return f"s3://{bucket.name}/{uuid.uuid4().hex}/prefix"


@pytest_asyncio.fixture(params=["local", pytest.param("s3", marks=pytest.mark.servers)])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Blobs]:
    """Yield an empty store."""
    if request.param == "local":
        async with open_local(tmp_path / "store") as local:
            yield local
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        async with open_objects(request.getfixturevalue("place"), environ=bucket.environ) as objects:
            yield objects
