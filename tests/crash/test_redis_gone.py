"""Redis only wakes and fans out: gone, hanging, emptied or full, it costs neither a run nor much time."""

import json
import time

import pytest

from tests import servers
from tests.crash import invariants
from tests.crash.storm import post_all, running, settle, sized

GONE_SECONDS = sized(0.0, 60.0)  # before anybody needs it
SLOWEST = 6.0  # seconds from the last event to the last end: the sweep's five and a little


@pytest.fixture
def own():
    with servers.redis_server() as server:
        yield server


def _gone(server, client):
    server.stop()


def _hangs(server, client):
    server.pause()


def _flushed(server, client):
    client.flushall()


def _full(server, client):
    client.config_set("maxmemory", "1mb")
    client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("trouble", [_gone, _hangs, _flushed, _full], ids=lambda trouble: trouble.__name__[1:])
def test_trouble_with_redis_loses_nothing_and_the_editor_still_saves(tmp_path, database, own, trouble):
    import redis

    with running(tmp_path, database, "web", "worker", REDIS_URL=own.url) as (instance, peer):
        accepted = post_all(instance, "with", 10)
        settle(instance)
        trouble(own, redis.Redis.from_url(own.url))
        time.sleep(GONE_SECONDS)
        accepted |= post_all(instance, "without", 30)
        began = time.monotonic()
        settle(instance)
        assert time.monotonic() - began < SLOWEST
        _edit_a_draft(instance)
        own.resume() if own.child else own.start()
        accepted |= post_all(instance, "again", 5)
        settle(instance)
        invariants.check(instance, accepted, peer.calls)


def _edit_a_draft(instance):
    began = time.monotonic()
    status, flow = instance.request("POST", "/api/v1/flows/", json.dumps({"name": "Edited", "kind": "post_call"}))
    assert status == 201, flow
    draft = f"/api/v1/flows/{flow['id']}/draft/"
    status, read = instance.request("GET", draft)
    assert status == 200, read
    document = {**read["document"], "layout": {}}
    status, saved = instance.request("PUT", draft, json.dumps(document), {"If-Match": f'"{read["revision"]}"'})
    assert status == 200, saved
    assert time.monotonic() - began < 5, "the editor waits for Redis"
