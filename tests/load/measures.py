"""What is measured of an instance: each measure is a function of it that gives {figure: value}; bounded in count."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from tests import flows
from tests.load.client import DEADLINE, action, call, inbound, median, quantile, reply, waiting_call
from tests.load.echo import SLOW_SECONDS
from tests.load.measured import Measured, moment

Figures = dict[str, float]
TIMERS = 10_000
FALLING_DUE = 30.0  # seconds over which they fall due
OPENING = 100.0  # seconds in which all of them are open, on a busy machine too
LOOK_EVERY = 1.0  # seconds; looking at the memory of all processes takes a processor a tenth of one
LATE_REQUESTS = 2_000
REPLIES = 500
LARGEST = 10_000  # steps of a flow
LATE_CLIENTS = 48


def idle(instance: Measured) -> Figures:
    """Memory, and how soon a run starts where nothing else does. What is loaded at first use is loaded before."""
    client = instance.client
    client.run([action("w1")] * 20 + [action("w2")] * 20 + [call(f"warm{n}") for n in range(20)], 4)
    instance.wait_until_done()
    figures = {"memory idle, MB": instance.memory()}
    before = len(instance.delays("w1"))
    for number in range(40):
        client.run([call(f"idle{number}")], 1)
        instance.wait_until_done()
    return {**figures, "accepted to first step, idle, p50 ms": median(instance.delays("w1")[before:])}


def actions(instance: Measured) -> Figures:
    figures = {}
    for name, count in (("w1", 300), ("w2", 300)):
        taken, _ = instance.client.run([action(name)] * count, 1)
        figures[f"{name.upper()} action, 1 client, p50 ms"] = median(taken) * 1000
    for name, count in (("w1", 1500), ("w2", 2000)):
        _, seconds = instance.client.run([action(name)] * count, 16)
        figures[f"{name.upper()} action, 16 clients, runs/s"] = count / seconds
    return figures


def burst(instance: Measured) -> Figures:
    most = looked_at = 0.0

    def look():
        nonlocal most, looked_at
        if time.perf_counter() - looked_at > LOOK_EVERY:
            most, looked_at = max(most, instance.memory()), time.perf_counter()

    runs_a_second, taken, processor = _burst(instance, "w1", look)
    return {
        "W1 burst, runs/s": runs_a_second,
        "W1 burst, processor ms a run": processor,
        "accept under burst, p99 ms": quantile(taken, 0.99) * 1000,
        "memory under burst, MB": max(most, instance.memory()),
    }


def gated(instance: Measured) -> Figures:
    """The same through a connection with limits that nobody reaches: what asking the database for leave costs."""
    runs_a_second, _, processor = _burst(instance, "gated")
    return {"W1 burst through limits, runs/s": runs_a_second, "W1 through limits, processor ms a run": processor}


def _burst(instance, agent, look=None, count=2000) -> tuple[float, list[float], float]:
    """(runs a second from the first event to the last end, seconds each event took to be accepted, processor)."""
    before = instance.processor()
    taken, sending = instance.client.run([call(f"burst{number}", agent) for number in range(count)], 16)
    sent = time.perf_counter()
    instance.wait_until_done(look=look)
    seconds = sending + time.perf_counter() - sent
    return count / seconds, taken, (instance.processor() - before) * 1000 / count


def hanging(instance: Measured) -> Figures:
    """100 runs wait for a slow peer; how long others wait for their start."""
    before = len(instance.delays("w1"))
    instance.client.run([call(f"slow{number}", "slow") for number in range(100)], 16)
    began = time.perf_counter()
    while time.perf_counter() - began < SLOW_SECONDS - 1:
        instance.client.run([call(f"beside{time.perf_counter()}")], 1)
        time.sleep(0.03)
    instance.wait_until_done()
    delays = instance.delays("w1")[before:]
    assert len(delays) >= 20, "too few to tell"
    return {"100 runs hanging: others' start, p95 ms": quantile(delays, 0.95)}


def timers(instance: Measured, count=TIMERS) -> Figures:
    """So many waits, all open at once, then falling due one after the other over half a minute."""
    before = instance.processor()
    first = datetime.now(UTC) + timedelta(seconds=OPENING)
    moments = [first + timedelta(seconds=FALLING_DUE * number / count) for number in range(count)]
    instance.client.run([waiting_call(number, at) for number, at in enumerate(moments)], 16)
    opened = "SELECT count(*) FROM runtime_wait WHERE node = 'pause' AND closed_at IS NULL"
    while instance.query(opened)[0][0] < count:
        assert datetime.now(UTC) < first, "some fell due before all were open"
        time.sleep(0.2)
    time.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds()))
    instance.wait_until_done()
    rows = instance.query(
        "SELECT w.until, s.started_at FROM runtime_wait w JOIN runtime_steprun s ON s.run_id = w.run_id "
        "WHERE s.node = 'end' AND w.node = 'pause'"
    )
    late = _late(rows)
    assert len(late) == count, "a wait was served twice or not at all"
    assert min(late) > -500, "a timer went off early"
    return {
        "timer lateness, 10,000 waits, p50 ms": median(late),
        "timer lateness, 10,000 waits, p99 ms": quantile(late, 0.99),
        "timer lateness, 10,000 waits, most ms": max(late),
        "a wait opened and ended, processor ms": (instance.processor() - before) * 1000 / count,
    }


def _late(rows) -> list[float]:
    """Milliseconds between the two moments of each row."""
    return [(moment(ended) - moment(began)).total_seconds() * 1000 for began, ended in rows]


def deadlines(instance: Measured, count=LATE_REQUESTS) -> Figures:
    """Asked what cannot be answered in time: a step that hangs, a wait, a greeting; the fallback comes instead."""
    answers: Counter[str] = Counter()
    asked = [(action("late_step"), action("late_wait"), inbound("late"), action("late_step"))[n % 4]
             for n in range(count)]  # fmt: skip
    taken, _ = instance.client.run(asked, LATE_CLIENTS, lambda answer: answers.update([answer["status"]]))
    assert set(answers) <= {"timed_out", "fallback"}, answers
    over = sorted((seconds - DEADLINE) * 1000 for seconds in taken)
    instance.wait_until_done()
    return {
        "past the deadline, p50 ms": median(over),
        "past the deadline, p99.9 ms": quantile(over, 0.999),
        "past the deadline, most ms": over[-1],
    }


def graphs(instance: Measured) -> Figures:
    """The largest flow there may be, over HTTP: saved as a draft, and judged."""
    steps = [flows.set_variable(f"n{number:05}", x="1") for number in range(LARGEST - 2)]
    text = json.dumps(flows.chain(flows.call_ended(), *steps, flows.end()))
    status, flow = instance.request("POST", "/api/v1/flows/", json.dumps({"name": "Large", "kind": "post_call"}))
    assert status == 201, flow
    path = f"/api/v1/flows/{flow['id']}"
    return {
        "10,000 steps saved, ms": _asked(instance, "PUT", f"{path}/draft/", text, {"If-Match": "*"}),
        "10,000 steps judged, ms": _asked(instance, "POST", f"{path}/validate/", text),
    }


def _asked(instance, method, path, text, headers=()) -> float:
    """Milliseconds until the answer, the median of three."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        status, answer = instance.request(method, path, text, headers)
        taken.append((time.perf_counter() - began) * 1000)
        assert status == 200, answer
    return median(taken)


def replies(instance: Measured, count=TIMERS, answered=REPLIES) -> Figures:
    """So many waits for an event, all open; how soon runs go on whose event comes, by the database's clock."""
    instance.client.run([call(number, "asks") for number in range(count)], 16)
    while instance.query("SELECT count(*) FROM runtime_wait WHERE kind = 'event'")[0][0] < count:
        time.sleep(0.2)
    instance.client.run([reply(number) for number in range(0, count, count // answered)], 4)
    instance.wait_until_done()
    rows = instance.query(
        "SELECT e.received_at, s.started_at FROM runtime_wait w JOIN runtime_event e ON e.id = w.event_id "
        "JOIN runtime_steprun s ON s.run_id = w.run_id AND s.node = 'end' WHERE w.kind = 'event'"
    )
    late = _late(rows)
    assert len(late) == answered, "a reply was missed"
    return {"a reply among 10,000 waits: goes on after, p95 ms": quantile(late, 0.95)}


EACH = (idle, actions, burst, gated, hanging, deadlines, timers, replies, graphs)
MEASURES = {measure.__name__: measure for measure in EACH}
