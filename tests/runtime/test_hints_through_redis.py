"""What begins is told through Redis to whoever looks; where nobody does, Redis is not asked for each step."""

import uuid

import pytest
from django.conf import settings
from redis import Redis

from runtime import live
from tests.until import until


@pytest.fixture
def redis(monkeypatch):
    monkeypatch.setattr(live, "_unheard_until", 0.0)
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client


def published(redis) -> int:
    return redis.info("commandstats").get("cmdstat_publish", {}).get("calls", 0)


def begin() -> None:
    live.started(uuid.uuid4(), "call", uuid.uuid4())


def test_where_nobody_looks_redis_is_asked_once_in_a_while(redis, monkeypatch):
    monkeypatch.setattr(live, "CHANNEL", f"nobody:{uuid.uuid4()}")
    monkeypatch.setattr(live, "UNHEARD_SECONDS", 60.0)
    before = published(redis)
    for _ in range(5):
        begin()
    assert published(redis) == before + 1


def test_who_looks_hears_of_each_step_even_if_nobody_did_a_moment_before(redis, monkeypatch):
    monkeypatch.setattr(live, "CHANNEL", f"somebody:{uuid.uuid4()}")
    begin()
    with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(live.CHANNEL)

        def heard():
            begin()
            return pubsub.get_message(timeout=0.02)

        until(heard, 5 * live.UNHEARD_SECONDS)
        for _ in range(5):
            begin()
            assert until(lambda: pubsub.get_message(timeout=1), 5)
