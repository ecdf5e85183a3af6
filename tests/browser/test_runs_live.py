"""A run as it happens: lit before it is recorded, waits and tries with their times, the same without a websocket."""

import re
import threading
import time
from datetime import timedelta
from itertools import pairwise

from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from runtime import tasks
from runtime.models import Run
from tests.browser.calls import branching, call, card, ended_call, flow_of
from tests.browser.editing import said, until
from tests.browser.sharing import expected
from tests.flows import call_ended, end, node, post_json, set_variable, wait_for
from tests.peers import Answer


def asking(workspace, owner, peer, **more):
    """Call ended -> ask the peer -> end."""
    ask = post_json("ask", f"{peer.url}/ask", **more)
    edges = [("start", "next", "ask"), ("ask", "success", "done")]
    return flow_of(workspace, owner, [call_ended(), ask, end("done")], edges)


def watch(page, flow):
    """The list of runs, which shows the next one on the canvas as it comes."""
    page.goto(f"/flows/{flow.pk}/")
    page.get_by_role("banner").get_by_role("button", name="Runs").click()
    expect(page.get_by_text("No runs yet")).to_be_visible()


def make_due(run):
    """As if the time that a run waits for were over."""
    past = timezone.now() - timedelta(minutes=1)
    state = {**run.state, "wait": {**run.state["wait"], "until": past.isoformat()}}
    Run.objects.filter(pk=run.pk).update(state=state, due_at=past)


class Working:
    """A worker of its own, so that the page can be looked at while a step goes on."""

    def __enter__(self):
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        return self

    def _work(self):
        tasks.work(linger=0)
        connection.close()

    def __exit__(self, *_):
        self.thread.join(20)


def test_the_step_under_way_is_lit_before_it_is_recorded(page, peer, live, workspace, owner, sign_in):
    answered = threading.Event()
    peer.answers["/ask"] = lambda asked: answered.wait(20) and {"ok": True}
    flow = asking(workspace, owner, peer)
    sign_in(owner)
    watch(page, flow)
    call(workspace)
    expect(page.get_by_role("heading", name=re.compile("queued"))).to_be_visible()
    with Working():
        expect(card(page, "ask")).to_have_accessible_name(re.compile("running"))
        expect(card(page, "ask")).to_contain_text("●")
        assert not Run.objects.get().steps.filter(node="ask").exists()
        answered.set()
        expect(card(page, "ask")).to_have_accessible_name(re.compile("done"))
    expect(card(page, "done")).to_contain_text("ms")
    expect(card(page, "ask")).to_contain_text("status 200")


def test_without_a_websocket_the_same_is_seen_over_plain_http(page, live, workspace, owner, sign_in):
    flow = branching(workspace, owner)
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())
    sign_in(owner)
    watch(page, flow)
    run = call(workspace, disposition="escalated")
    expect(page.get_by_role("heading", name=re.compile("queued"))).to_be_visible()
    tasks.work(linger=0)
    expect(card(page, "check")).to_contain_text("ms")
    expect(card(page, "no")).to_contain_text("not taken")
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_that_the_live_view_is_interrupted_is_said_once_and_that_it_goes_on(page, live, workspace, owner, sign_in):
    flow = branching(workspace, owner)
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())
    sign_in(owner)
    watch(page, flow)
    call(workspace, disposition="escalated")
    expect(page.get_by_role("heading", name=re.compile("queued"))).to_be_visible()
    refused = []
    page.route(re.compile(r"/runs/[0-9a-f-]{36}/"), lambda route: (refused.append(route), route.abort()))
    news = page.get_by_role("region", name="News")
    expect(news).to_contain_text("The live view is interrupted; it goes on by itself.")
    seen = len(refused)
    until(page, lambda: len(refused) > seen)
    expect(news.get_by_text("The live view is interrupted")).to_have_count(1)
    page.unroute_all(behavior="wait")
    tasks.work(linger=0)
    said(page, "The live view goes on.")
    expect(card(page, "no")).to_contain_text("not taken")
    expected(page)


def test_however_fast_a_run_is_it_is_painted_ten_times_a_second_at_most(page, live, workspace, owner, sign_in):
    names = [f"s{number}" for number in range(40)]
    nodes = [call_ended(), *(set_variable(name, x="1") for name in names), end("done")]
    edges = [(a, "next", b) for a, b in pairwise(["start", *names, "done"])]
    flow = flow_of(workspace, owner, nodes, edges)
    sign_in(owner)
    asked: list[float] = []
    page.on("request", lambda request: re.search(r"/runs/[0-9a-f-]{36}/(steps/)?(\?|$)", request.url)
            and asked.append(time.monotonic()))  # fmt: skip
    watch(page, flow)
    call(workspace)
    expect(page.get_by_role("heading", name=re.compile("queued"))).to_be_visible()
    with Working():
        expect(page.get_by_role("heading", name=re.compile("succeeded"))).to_be_visible()
    # The first look and the change of its state may each ask twice: for what is new, then for all of it.
    for start in asked:
        assert len([at for at in asked if start <= at < start + 1]) <= 12


def test_a_wait_says_until_when_and_counts_down(page, live, workspace, owner, sign_in):
    nodes = [call_ended(), wait_for("later", 300), end("done")]
    flow = flow_of(workspace, owner, nodes, [("start", "next", "later"), ("later", "next", "done")])
    ended_call(workspace)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?run={Run.objects.get().pk}")
    expect(card(page, "later")).to_contain_text("‖ waiting")
    expect(card(page, "later")).to_contain_text(re.compile(r"until \d\d:\d\d.* · 4 min \d+ s"))
    before = card(page, "later").inner_text()
    expect(card(page, "later")).not_to_have_text(before, use_inner_text=True)
    expect(page.get_by_role("tabpanel", name="Steps")).to_contain_text(re.compile(r"until .* · 4 min \d+ s"))


def test_from_a_run_that_waits_for_an_answer_one_comes_to_where_it_is_given(page, live, workspace, owner, sign_in):
    asks = node("asks", "approval", {"message": "Refund 50?", "who": "Billing"})
    flow = flow_of(workspace, owner, [call_ended(), asks, end("done")],
                   [("start", "next", "asks"), ("asks", "approved", "done"), ("asks", "denied", "done"),
                    ("asks", "timeout", "done")])  # fmt: skip
    ended_call(workspace)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?run={Run.objects.get().pk}")
    steps = page.get_by_role("tabpanel", name="Steps")
    expect(steps).to_contain_text("for an answer of Billing")
    steps.get_by_role("link", name="Answer it").click()
    expect(page.get_by_role("main")).to_contain_text("Refund 50?")


def test_each_try_has_its_error_and_the_next_one_its_time(page, peer, live, workspace, owner, sign_in):
    peer.answers["/ask"] = Answer(503, {"message": "Back in a minute"})
    retry = {"retry": {"max_attempts": 3, "backoff_seconds": 60}}
    flow = asking(workspace, owner, peer, settings=retry)
    ended_call(workspace)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?run={Run.objects.get().pk}")
    expect(card(page, "ask")).to_contain_text(re.compile(r"Try 2 of 3 in (\d+ s|1 min 0 s)"))
    steps = page.get_by_role("tabpanel", name="Steps")
    expect(steps).to_contain_text("try 1 of 3")
    expect(steps).to_contain_text("503")
    expect(steps).to_contain_text(re.compile("Next try at"))
    make_due(Run.objects.get())
    tasks.work(linger=0)
    expect(steps).to_contain_text("try 2 of 3")
    expect(steps).to_contain_text(re.compile("Try 3 of 3 in"))


def test_a_warning_of_a_step_is_told(page, live, workspace, owner, sign_in):
    nodes = [call_ended(), set_variable("topic", topic="{{interaction.sentiment}}"), end("done")]
    flow = flow_of(workspace, owner, nodes, [("start", "next", "topic"), ("topic", "next", "done")])
    ended_call(workspace)
    sign_in(owner)
    page.goto(f"/flows/{flow.pk}/?run={Run.objects.get().pk}")
    page.get_by_role("button", name=re.compile("topic")).last.click()
    expect(page.get_by_role("tabpanel", name="Steps").locator(".warning-text")).to_contain_text("sentiment")
