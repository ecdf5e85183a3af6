"""Pages whoever is on duty, through the pager service of your company (its API: `POST /pages` with a JSON body)."""

from types import SimpleNamespace
from typing import Any

from integrations.authentication import bearer
from integrations.connection_types import ConnectionField, ConnectionType, Probe, register_connection_type
from integrations.exchange import Request
from integrations.service_node import ServiceNode
from runtime.engine.fields import Choice, ConnectionRef, LongText

register_connection_type(
    ConnectionType(
        "pager", "Pager", "An API token of your pager service.",
        (ConnectionField("token", "Token", secret=True),),
        bearer("token"), icon="bell", base_url="https://pager.example.com", test=Probe("/me"),
    )
)  # fmt: skip


class PageSomebody(ServiceNode):
    """Pages whoever is on duty. This text is the help in the editor and in the node reference."""

    type, label, order = "page_somebody", "Page somebody", 1
    app = {"id": "pager", "label": "Pager", "icon": "bell"}
    idempotency_header = "Idempotency-Key"
    advice = {409: "Nobody is on duty now; fill in the rota."}
    keywords = ("alert", "duty", "on-call")
    connection = ConnectionRef("Pager", types=["pager"], required=True)
    message = LongText("Message", required=True, max_length=500)
    urgency = Choice("Urgency", options=["low", "high"], default="low")
    outputs = ({"name": "page_id", "label": "Page", "type": "text", "sample": "p_1"},)
    references, summary = ("page_id",), ({"field": "urgency"},)
    filled = {"message": "Call {{interaction.id}} needs somebody", "urgency": "high"}

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        return Request("POST", "/pages", json={"message": given.message, "urgency": given.urgency})

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        return {"page_id": body["id"]}
