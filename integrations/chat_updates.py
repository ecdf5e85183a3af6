"""The node type `send_data_update`: tell another system what a conversation brought, at the agent's own endpoint."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from integrations.api_request import ApiRequest, Url
from runtime.engine.errors import StepError
from runtime.engine.fields import Choice
from runtime.engine.outcomes import Outcome
from runtime.nodes.chat_start import CHAT_APP


class SendDataUpdate(ApiRequest):
    """Sends what the conversation brought to your system: a POST to the data endpoint of the conversation's agent, or
    to the address you give here. Otherwise it is an API request: mapping, retries, connection and all.
    """

    type, label, icon, order = "send_data_update", "Send data update", "upload", 9
    app, group, kinds = CHAT_APP, "conversation", ("conversation",)
    keywords = ("crm", "lead", "push", "webhook", "sync")
    method = Choice("Method", required=True, default="POST", options=["POST", "PUT", "PATCH"], section="Request")
    url = Url("URL", section="Request", default="", max_length=8192,
              help="Empty: the data endpoint in the agent's settings.")  # fmt: skip
    example = {
        "type": "send_data_update", "key": "lead", "label": "Send the lead",
        "config": {
            "method": "POST", "url": "https://crm.example.com/leads", "connection": None,
            "body": {"type": "json", "content": '{"email": "{{contact.email}}", "tags": {{contact.tags}}}'},
            "response_mapping": [{"path": "$.id", "variable": "lead_no", "default": ""}], "sample": {"id": "L-1"},
        },
        "settings": {"retry": {"max_attempts": 3, "backoff_seconds": 1, "factor": 2}, "timeout_seconds": 10},
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        if not step.config["url"]:
            own = step.data_url
            if not own:
                text = "There is no address to send to: give one here, or set the agent's data endpoint."
                raise StepError(text, code="no_endpoint")
            step.config = _with_url(step.config, own)
        return super().run(step)


def _with_url(config: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    return MappingProxyType({**config, "url": url})
