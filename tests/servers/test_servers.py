"""The servers of the tests answer, and keep their data through a restart and a kill -9."""

import aio_pika
import pymongo
import pytest
from playwright.async_api import Page

from tests.servers.mongodb import MongoDB
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.s3 import Bucket


@pytest.mark.servers
async def test_each_test_has_an_empty_vhost_of_its_own(amqp_vhost_url: str) -> None:
    connection = await aio_pika.connect(amqp_vhost_url)

    async with connection:
        queue = await (await connection.channel()).declare_queue("x", durable=True)

    assert queue.declaration_result.message_count == 0


@pytest.mark.servers
async def test_rabbitmq_is_there_again_after_kill_9(own_rabbitmq: RabbitMQ) -> None:
    own_rabbitmq.kill9()
    assert not own_rabbitmq.is_ready()

    own_rabbitmq.start()

    async with await aio_pika.connect(own_rabbitmq.url) as connection:
        assert not connection.is_closed


@pytest.mark.servers
def test_mongodb_keeps_what_was_written_through_kill_9(own_mongodb: MongoDB, mongo_database: str) -> None:
    with pymongo.MongoClient[dict[str, object]](own_mongodb.uri) as client:
        client[mongo_database].things.insert_one({"_id": "one"})

        own_mongodb.kill9()
        own_mongodb.start()

        assert client[mongo_database].things.find_one({"_id": "one"}) == {"_id": "one"}


@pytest.mark.servers
def test_each_test_has_an_empty_bucket_of_its_own(s3_bucket: Bucket) -> None:
    assert s3_bucket.account.request("GET", f"/{s3_bucket.name}") == 200
    assert s3_bucket.account.request("GET", f"/{s3_bucket.name}/nothing") == 404


@pytest.mark.browser
async def test_the_browser_shows_a_page(page: Page) -> None:
    await page.set_content("<h1>症例</h1>")

    assert await page.inner_text("h1") == "症例"
