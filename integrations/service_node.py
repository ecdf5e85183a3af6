"""What all nodes of services share: a subclass says what to ask and what to make of the answer, this does the rest.

Rendered settings, the connection, the one door, masking, history, idempotency keys, dry runs, and failures in words
that say which service said what and what to do. See integrations/services/hubspot.py for the model of a service.
"""

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

from integrations import answers
from integrations.calling import masked
from integrations.connected import ConnectedNode
from integrations.exchange import Exchange, NotSent, Request
from integrations.given import given
from integrations.http import MEBIBYTE
from runtime.engine.errors import StepError
from runtime.engine.node_type import SUCCESS_OR_ERROR
from runtime.engine.outcomes import Done, Outcome

log = logging.getLogger("segue.services")
RETRY = {"retry": {"max_attempts": 5, "backoff_seconds": 2, "factor": 3}}


class ServiceNode(ConnectedNode):
    """A step of a service. Declare an app's own subclass with `app`, `connection`, `advice`, then its nodes.

    A node declares its fields, `outputs`, `references` (outputs that runs are found by), an example in `filled`, and
    either `request` and `result`, or `perform` where it takes several requests. `effect` is "once" for writes that the
    vendor cannot recognise when repeated, "repeatable" for reads, "keyed" where a key or the request itself makes a
    repetition harmless.
    """

    group, effect, timeout_seconds, ports = "services", "keyed", 20, SUCCESS_OR_ERROR
    kinds = ("post_call", "action", "inbound", "conversation", "automation")

    service: ClassVar[str] = ""  # who is asked, in words; its app's name unless it says another
    filled: ClassVar[Mapping[str, Any]] = {}
    references: ClassVar[tuple[str, ...]] = ()
    idempotency_header: ClassVar[str] = ""
    headers: ClassVar[Mapping[str, str]] = {}
    largest_answer: ClassVar[int] = MEBIBYTE
    advice: ClassVar[Mapping[int | str, str]] = {}
    passing: ClassVar[frozenset[int | str]] = frozenset()
    final: ClassVar[frozenset[int | str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        if "app" in vars(cls) and "icon" not in vars(cls):
            cls.icon = cls.app["icon"]
        if "app" in vars(cls) and "service" not in vars(cls):
            cls.service = cls.app["label"]
            if "missing" not in vars(cls):
                cls.missing = (f"Choose a {cls.service} connection; a new one is made under Connections, New "
                               f"connection, {cls.service}.")  # fmt: skip
        cls.outputs = tuple({"scope": "steps", "ports": ["success"], **declared} for declared in cls.outputs)
        super().__init_subclass__(**options)
        if "type" in vars(cls):
            config = {name: field.default for name, field in cls.fields.items()} | dict(cls.filled)
            cls.example = {"type": cls.type, "key": cls.type, "label": cls.label, "config": config, "settings": RETRY}

    # --- What a service says of itself

    def request(self, given: SimpleNamespace, step: Any) -> Request:
        """What to ask, from the rendered settings (attributes named as the fields)."""
        raise NotImplementedError(f"{self.type} asks nothing.")

    def result(self, given: SimpleNamespace, body: Any) -> dict[str, Any]:
        """The outputs, from the answer's body ({} where it was empty)."""
        return {}

    def perform(self, exchange: Exchange, given: SimpleNamespace) -> dict[str, Any]:
        """The outputs, after as many requests as it takes (`exchange.send`)."""
        return self.result(given, exchange.send(self.request(given, exchange.step)))

    def complaint(self, body: Any) -> bool:
        """Whether an answer of 2xx is none of success (Slack's `ok: false`)."""
        return False

    def code_of(self, body: Any) -> str:
        """The service's own name for what went wrong; a key of `advice`, `passing`, `final`."""
        return ""

    def words_of(self, body: Any) -> str:
        """What the service says went wrong."""
        return answers.words_of(body)

    # --- What follows from it

    def run(self, step: Any) -> Outcome:
        exchange = Exchange(self, step, self.credentials(step))
        try:
            output = self._output(exchange, given(self.fields, step.config, step))
        except StepError as error:
            raise masked(error, exchange.mask) from None
        finally:
            if exchange.shown:
                step.record_request(exchange.mask.value(exchange.history()))
        output = exchange.mask.value(output)
        for declared in self.outputs:
            if declared["name"] in self.references:
                step.reference(declared["label"], output.get(declared["name"]))
        return Done(output=output, port="success")

    def _output(self, exchange: Exchange, values: SimpleNamespace) -> dict[str, Any]:
        try:
            return self.perform(exchange, values)
        except NotSent:
            exchange.step.warn("dry_run", "Dry run: nothing was sent; the outputs are samples.")
            return {declared["name"]: declared.get("sample") for declared in self.outputs}
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            if not exchange.answered:
                raise
            log.warning("%s could not read an answer", self.type, exc_info=True)
            text = f"{self.service} answered, but not in the form it is known for. Its answer is in the details."
            raise StepError(text, code="bad_answer", detail=exchange.answered[-1]) from error


class ErrorObjectNode(ServiceNode):
    """A step of a service whose refusals are {"error": {"code" or "type", "message"}}."""

    def code_of(self, body: Any) -> str:
        error = _error_in(body)
        return str(error.get("code") or error.get("type") or "")

    def words_of(self, body: Any) -> str:
        return str(_error_in(body).get("message") or "")[:300] or super().words_of(body)


def _error_in(body: Any) -> Mapping[str, Any]:
    error = body.get("error") if isinstance(body, Mapping) else None
    return error if isinstance(error, Mapping) else {}
