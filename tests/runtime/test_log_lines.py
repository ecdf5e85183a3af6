"""What is logged while a run is driven names the run and its flow: that is how its lines are found among all others."""

import io
import json
import logging
import threading

import pytest
import structlog
from django.db import connection
from django.db.models import F

from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, chain, end, post_json
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines():
    """lines() -> what the runner logged, each line as its JSON says."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    before = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(structlog.processors.JSONRenderer(), foreign_pre_chain=before)
    )
    logging.getLogger("segue.runner").addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger("segue.runner").removeHandler(handler)


def test_a_line_about_a_run_carries_its_id_and_its_flows(workspace, publish, work, peer, lines):
    flow = publish(workspace, chain(call_ended(), post_json("call", peer.url), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "c1", "status": "completed"}})
    (told,) = recorder().submit(accept, arrival).result(10).body["runs"]
    peer.gate.clear()
    working = threading.Thread(target=lambda: (work(), connection.close()))
    working.start()
    until(lambda: Run.objects.filter(status="running").exists())
    Run.objects.update(fence=F("fence") + 1, due_at=None, status="cancelled")  # somebody else has it now
    peer.gate.set()
    working.join(20)
    (line,) = [each for each in lines() if "taken over" in each["event"]]
    assert (line["run"], line["flow"], line["level"]) == (told["id"], str(flow.pk), "warning")


def test_every_line_of_the_program_is_made_with_what_is_bound():
    """The formatter that the settings put on all lines merges it in."""
    (formatter,) = {
        each.formatter for each in logging.getLogger().handlers
        if isinstance(each.formatter, structlog.stdlib.ProcessorFormatter)
    }  # fmt: skip
    record = logging.LogRecord("segue.services", logging.WARNING, __file__, 1, "slow", None, None)
    with structlog.contextvars.bound_contextvars(run="r-1"):
        assert "r-1" in formatter.format(record)
