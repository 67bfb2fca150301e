"""What all tests share: real servers, started once when first asked for; the shared data; a browser."""

import gc
import os
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pymongo
import pytest
import pytest_asyncio
from hypothesis import settings

from tests.examples import USUAL, examples
from tests.servers.install import CHROMIUM, NO_CHROMIUM
from tests.servers.mongodb import MongoDB, NamedMongoDB
from tests.servers.process import free_ports
from tests.servers.rabbitmq import MISSING, NamedRabbitMQ, RabbitMQ
from tests.servers.s3 import Bucket, NamedS3, SeaweedFS

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

N = TypeVar("N")
S = TypeVar("S")

settings.register_profile("fixed", derandomize=True, database=None)
settings.register_profile("few", derandomize=True, database=None, max_examples=examples(USUAL))
settings.register_profile("search", derandomize=False, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
"""`make test` makes up the same examples each time, `make test-fast` a quarter of them, `make fuzz` new ones."""

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


SERVERS = frozenset({"rabbitmq", "mongodb", "s3", "own_rabbitmq", "own_mongodb", "own_s3"})
BROWSER = frozenset({"browser", "page"})
SLOW = (
    "adversarial/",
    "anonymizer/deface/",
    "anonymizer/instances/test_real_files.py",
    "anonymizer/instances/test_series_template.py",
    "anonymizer/instances/test_valid.py",
    "anonymizer/pixels/",
    "anonymizer/pseudonyms/test_key_wrapping_tools.py",
    "anonymizer/rotation/",
    "anonymizer/text/test_recogniser.py",
    "archive/retrieve/",
    "flow/",
    "fuzz/",
    "portal/",
    "servers/test_guard.py",
)
"""What takes seconds a test, under tests/: models, real heads, every real file, processes. A test can say so itself."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from walking through modules and tests: what is imported stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server or the browser by the fixtures it asks for, so that nobody forgets to; and the slow."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(SLOW):
            item.add_marker("slow")
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SERVERS:
            item.add_marker("servers")
        if fixtures & BROWSER:
            item.add_marker("browser")


def _named_or_own(
    variable: str, named: Callable[[str], N], own: Callable[[], AbstractContextManager[S]]
) -> Iterator[N | S]:
    """Yield the server whose URL the variable has; else one of our own, which ends with the session."""
    url = os.environ.get(variable)
    if url:
        yield named(url)
        return
    with own() as server:
        yield server


def _own(kind: type[S], server: object, variable: str) -> S:
    if isinstance(server, kind):
        return server
    pytest.skip(f"{variable} names the server: it is not ours to restart")


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ | NamedRabbitMQ]:
    """Yield the broker. url: of its default vhost."""
    try:
        yield from _named_or_own("JMID_TEST_AMQP", NamedRabbitMQ, RabbitMQ)
    except FileNotFoundError:
        pytest.fail(MISSING, pytrace=False)


@pytest.fixture(scope="session")
def mongodb() -> Iterator[MongoDB | NamedMongoDB]:
    """Yield the server of MongoDB's protocol. uri: without a database."""
    yield from _named_or_own("JMID_TEST_MONGODB", NamedMongoDB, MongoDB)


@pytest.fixture(scope="session")
def s3() -> Iterator[SeaweedFS | NamedS3]:
    """Yield the S3 service. account: endpoint, access_key, secret_key, region."""
    yield from _named_or_own("JMID_TEST_S3", NamedS3, SeaweedFS)


@pytest.fixture
def own_rabbitmq(rabbitmq: RabbitMQ | NamedRabbitMQ) -> RabbitMQ:
    """Return the broker if it is ours, so that it may be restarted and killed; skip otherwise."""
    return _own(RabbitMQ, rabbitmq, "JMID_TEST_AMQP")


@pytest.fixture
def own_mongodb(mongodb: MongoDB | NamedMongoDB) -> MongoDB:
    """Return the server if it is ours, so that it may be restarted and killed; skip otherwise."""
    return _own(MongoDB, mongodb, "JMID_TEST_MONGODB")


@pytest.fixture
def own_s3(s3: SeaweedFS | NamedS3) -> SeaweedFS:
    """Return the service if it is ours, so that it may be restarted and killed; skip otherwise."""
    return _own(SeaweedFS, s3, "JMID_TEST_S3")


@pytest.fixture
def amqp_vhost_url(rabbitmq: RabbitMQ | NamedRabbitMQ) -> Iterator[str]:
    """Yield the URL of a vhost of this test's own; of a named broker, its one vhost, which must be empty."""
    if isinstance(rabbitmq, NamedRabbitMQ):
        yield rabbitmq.url
        return
    url = rabbitmq.new_vhost()
    yield url
    if rabbitmq.running:
        rabbitmq.delete_vhost(url)


@pytest.fixture
def mongo_database(mongodb: MongoDB | NamedMongoDB) -> Iterator[str]:
    """Yield the name of a database of this test's own; dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield name
    with pymongo.MongoClient[dict[str, object]](mongodb.uri, serverSelectionTimeoutMS=5000) as client:
        client.drop_database(name)


@pytest.fixture
def s3_bucket(s3: SeaweedFS | NamedS3) -> Bucket:
    """Return an empty bucket of this test's own."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    status = s3.account.request("PUT", f"/{name}")
    assert status == 200, f"the bucket could not be made: {status}"
    return Bucket(s3.account, name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the real data (dicom/, reports/); skip where there is none."""
    named = os.environ.get("JMID_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "dicom").is_dir():
        pytest.skip("JMID_SHARED_DATA does not name the folder of the shared data")
    return folder


@pytest.fixture
def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    return free_ports(1)[0]


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """Yield Debian's Chromium, driven by playwright; skip the test where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator["Browser"]:
    """Yield Chromium."""
    async with chromium() as running:
        yield running


@pytest.fixture
def bypasses_csp() -> bool:
    """Whether pages' policies hold nothing back: wait_for_function evaluates a text, which ours forbid."""
    return True


@pytest_asyncio.fixture
async def page(browser: "Browser", bypasses_csp: bool) -> AsyncIterator["Page"]:
    """Yield a page of a browser; the test fails if the page logged an error of its own."""
    errors: list[str] = []
    tab = await browser.new_page(bypass_csp=bypasses_csp)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    await tab.close()
    assert not errors
