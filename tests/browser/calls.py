"""Calls that come in while a browser looks at the flow, and what the tests of runs read on the page."""

import re

from builder.flows import create_flow
from builder.publishing import publish
from runtime import tasks
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, decision, document, end, set_variable

NUMBER = "+14155550109"
# Resolves when an element has stayed where it is for five frames.
AT_REST = """async element => {
    const place = () => JSON.stringify(element.getBoundingClientRect());
    for (let before = "", same = 0; same < 5; same = place() === before ? same + 1 : 0) {
        before = place();
        await new Promise(requestAnimationFrame);
    }
}"""


def flow_of(workspace, owner, nodes, edges, name="Watched"):
    """A published flow of these nodes and lines."""
    made = create_flow(workspace, owner.user, name=name, kind="post_call", document=document(nodes, edges))
    publish(made, owner.user)
    made.refresh_from_db()
    return made


def branching(workspace, owner):
    """Call ended -> topic -> check: yes, or no."""
    nodes = [call_ended(), set_variable("topic", topic="{{interaction.id}}"),
             decision("check", "{{interaction.disposition}}", "equals", "escalated"), end("yes", "{{vars.topic}}"),
             end("no")]  # fmt: skip
    edges = [("start", "next", "topic"), ("topic", "next", "check"), ("check", "yes", "yes"), ("check", "else", "no")]
    return flow_of(workspace, owner, nodes, edges)


def call(workspace, id="call_9", **interaction):
    """A call has ended; nothing runs yet. The run it starts, newest first."""
    given = {"id": id, "status": "completed", "contact_number": NUMBER, **interaction}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", {"interaction": given})).result(10)
    return Run.objects.order_by("-id").first()


def ended_call(workspace, id="call_9", **interaction):
    """The same, and its run has gone as far as it can."""
    run = call(workspace, id, **interaction)
    tasks.work(linger=0)
    run.refresh_from_db()
    return run


def card(page, name):
    return page.get_by_role("article", name=re.compile(f"^{name},"))


def open_run(page, flow, run):
    """The editor with a run on the canvas."""
    page.goto(f"/flows/{flow.pk}/?run={run.pk}")
    return page.get_by_role("group", name="Replay")


def name_on_line(page, name):
    """Where the name of a line is on the screen: it can be pressed there whatever lies over the rest of a short line,
    as the "+" does that comes with the pointer.

    Once the canvas is at rest: panels that open beside it move it, on a busy machine a moment later.
    """
    label = page.locator(".edge-label", has_text=re.compile(f"^{name}$"))
    label.evaluate(AT_REST)
    box = label.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
