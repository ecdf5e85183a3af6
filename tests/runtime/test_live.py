"""Live: who watches a flow hears that something changed, soon, and nobody else does."""

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async

from runtime import live, tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, chain, end, post_json

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def _start(workspace, call="call_1"):
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": call}})
    return recorder().submit(accept, arrival).result(10)


async def _until(queue, wanted):
    """The first hint that is `wanted`; fails after five seconds."""
    async with asyncio.timeout(5):
        while True:
            hint = await queue.get()
            if wanted(hint):
                return hint


async def test_a_watcher_hears_of_a_run_from_its_start_to_its_end(workspace, publish, peer):
    flow = await sync_to_async(publish)(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    tailer = live.Tailer()
    queue = tailer.subscribe(flow.pk)
    await asyncio.to_thread(_start, workspace)
    queued = await _until(queue, lambda hint: hint["kind"] == "run")
    await asyncio.to_thread(tasks.work, linger=0)
    done = await _until(queue, lambda hint: hint.get("status") == "succeeded")
    assert done["run"] == queued["run"]
    assert done["seq"] == 3
    tailer.unsubscribe(flow.pk, queue)
    assert not tailer.watchers


async def test_a_watcher_of_another_flow_hears_nothing(workspace, publish):
    await sync_to_async(publish)(workspace, chain(call_ended(), end()))
    tailer = live.Tailer()
    queue = tailer.subscribe(uuid.uuid4())
    await asyncio.to_thread(_start, workspace)
    await asyncio.to_thread(tasks.work, linger=0)
    assert await sync_to_async(Run.objects.count)() == 1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3 * live.INTERVAL):
            await queue.get()
    tailer.watchers.clear()


async def test_who_is_too_slow_is_told_to_come_again(workspace):
    tailer, flow_id = live.Tailer(), uuid.uuid4()
    queue = tailer.subscribe(flow_id)
    for number in range(live.FULL + 1):
        tailer.publish(flow_id, {"kind": "test", "number": number})
    assert flow_id not in tailer.watchers
    hints = [queue.get_nowait() for _ in range(queue.qsize())]
    assert hints[-1] is None


async def test_what_was_told_is_kept_for_the_newest_runs_alone(workspace, publish):
    flow = await sync_to_async(publish)(workspace, chain(call_ended(), end()))
    tailer = live.Tailer()
    queue = tailer.subscribe(flow.pk)
    for number in range(live.WATCHED_RUNS + 5):
        await asyncio.to_thread(_start, workspace, f"call_{number}")
        await _until(queue, lambda hint: hint["kind"] == "run")
    kept = [hint for hint in tailer.told.values() if hint["kind"] == "run"]
    assert len(kept) == live.WATCHED_RUNS
    tailer.unsubscribe(flow.pk, queue)


async def test_it_ends_when_it_is_cancelled_even_while_it_is_rung(workspace, publish, monkeypatch):
    """A web process that stops cancels it; what was never unsubscribed must not keep the process."""
    flow = await sync_to_async(publish)(workspace, chain(call_ended(), end()))
    await asyncio.to_thread(_start, workspace)
    monkeypatch.setattr(live, "INTERVAL", 60)  # after a look it waits for the bell alone
    for turns in range(6):  # the bell and the cancelling may meet at any turn of the loop
        tailer = live.Tailer()
        queue = tailer.subscribe(flow.pk)
        await _until(queue, lambda hint: hint["kind"] == "run")  # it has looked, and waits
        tailer.bell.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        tailer.task.cancel()
        done, _ = await asyncio.wait([tailer.task], timeout=5)
        assert done, f"cancelled {turns} turns after the bell it goes on"
