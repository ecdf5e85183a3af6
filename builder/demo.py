"""The demo that `manage.py up` sets up: an agent, a published flow, and a small help desk it files tickets at.

The desk runs on a port of its own on this machine, so the demo works without internet. Flows name it as
`{{workspace.help_desk}}`, and its address may differ from start to start.
"""

import json
import socket
from dataclasses import dataclass

from django.db import transaction

from builder.flows import create_flow
from builder.publishing import publish
from runtime.models import Agent, Flow

SLUG, TEMPLATE, FLOW_NAME = "demo", "demo-ticket", "Ticket for escalated calls"
CALL = {
    "type": "call.ended",
    "interaction": {
        "id": "call-NOW",
        "direction": "inbound",
        "from": "+14155551234",
        "to": "+18005559876",
        "status": "completed",
        "duration_seconds": 125,
        "disposition": "escalated",
        "summary": "Jane's blender arrived broken; she wants a new one.",
        "transcript": "Agent: How can I help?\nUser: My blender arrived broken.",
    },
}


@dataclass(frozen=True)
class Desk:
    """Where the help desk of this start listens, and what `up` says about the demo."""

    port: int
    token: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def egress(self) -> str:
        """Its entry in EGRESS_ALLOW: this port of this machine and nothing else."""
        return f"127.0.0.1:{self.port}=127.0.0.0/8"

    def lines(self, public_url):
        yield f"  demo help desk {self.address}"
        if self.token:
            receiver = f"{public_url}/in/generic/{self.token}/"
            yield f"  demo receiver  {receiver}"
            yield "    (for their own call reports: vapi, retell, elevenlabs or famulor in place of generic)"
            yield "  send it a call:"
            yield f"    curl -sS {receiver} -H 'Content-Type: application/json' -d '{_shell_quoted(CALL)}'"


@transaction.atomic
def ensure(workspace, owner, first_choice: int) -> Desk:
    """Make the demo in a workspace that has no flows yet; choose the desk's port, `first_choice` if it is free."""
    port = first_choice if _free(first_choice) else _free_port()
    desk = Desk(port, "")
    workspace.constants = {**workspace.constants, "help_desk": desk.address}
    workspace.save(update_fields=["constants"])
    if not Flow.objects.for_workspace(workspace).exists():
        _make_flow(workspace, owner)
    agent = Agent.objects.for_workspace(workspace).filter(slug=SLUG).first()
    return Desk(port, agent.token if agent else "")


def _make_flow(workspace, owner):
    Agent.objects.get_or_create(workspace=workspace, slug=SLUG, defaults={"name": "Demo agent"})
    flow = create_flow(workspace, owner, name=FLOW_NAME, kind="post_call", template=TEMPLATE)
    publish(flow, owner, note="The demo")


def _shell_quoted(call) -> str:
    """Its JSON, to stand between single quotes; the clock, outside of them, makes it another call each time."""
    return json.dumps(call).replace("'", "\\u0027").replace("NOW", "'$(date +%s)'")


def _free(port) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError):
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
