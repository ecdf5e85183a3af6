"""What the catch hooks of automation services have in common: an address that is a secret itself, JSON posted there."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

from integrations.authentication import nothing
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.endpoints import EndpointNode
from integrations.exchange import Request
from runtime.engine.errors import StepError
from runtime.engine.fields import JsonBody

PRESET = """{
  "event": "call.ended",
  "id": "{{interaction.id}}",
  "phone": "{{interaction.contact_number}}",
  "email": "{{contact.email}}",
  "summary": "{{interaction.summary}}",
  "transcript": "{{interaction.transcript}}",
  "duration_seconds": {{interaction.duration_seconds}}
}"""


def hook_address(name: str, label: str, where: str) -> ConnectionType:
    """The connection type of a catch hook. Its test is an OPTIONS request: any other would start a run over there."""
    return register_connection_type(
        ConnectionType(
            name, label, f"The address of your hook: {where}. Whoever knows it can start it, so it is kept secret.",
            (ConnectionField("url", "Hook address", secret=True),),
            nothing, icon=name, base_url="{url}", test=Probe("", method="OPTIONS"),
        )
    )  # fmt: skip


class CatchHook(EndpointNode):
    """Subclasses name their `app`, `connection`, `advice` and how an answer's id is read."""

    effect = "once"
    keywords = ("webhook", "hook", "automation", "no-code")
    references = ("request_id",)
    id_of: ClassVar[Callable[[Any], Any]] = staticmethod(lambda body: None)
    content = JsonBody("Data", required=True, default=PRESET, help="JSON; every member becomes a field over there.")
    outputs = (
        {"name": "answer", "label": "Answer", "type": "any", "sample": {"status": "success"}},
        {"name": "request_id", "label": "Hook request", "type": "text", "sample": "018f3a52-6b1c"},
    )
    filled = {"content": PRESET}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        if not isinstance(given.content, dict | list):
            raise StepError("The data must be a JSON object or list.", code="bad_body")
        return Request("POST", "", json=given.content, headers={"Idempotency-Key": step.idempotency_key})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"answer": body, "request_id": self.id_of(body)}
