"""The node type `api_request`: call any HTTP API through the one door and keep parts of its answer as variables."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from integrations import answers
from integrations.calling import failed, masked, with_query
from integrations.connection_types import http_types
from integrations.connections import NO_CREDENTIALS, Credentials
from integrations.http import LARGEST_BODY, MEBIBYTE, REDIRECTS, Response, fetch
from integrations.masking import HIDDEN, texts_of
from integrations.request_bodies import Body, encode, pairs_of
from runtime.engine import conditions, jsonpath, template
from runtime.engine.errors import StepError, TemplateError
from runtime.engine.fields import (
    Choice,
    Conditions,
    ConnectionRef,
    Issue,
    JsonValue,
    KeyValues,
    Mapping_,
    Number,
    Object,
    Text,
    TextField,
    Toggle,
)
from runtime.engine.node_type import SUCCESS_OR_ERROR, NodeType
from runtime.engine.outcomes import Done, Outcome

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
IDEMPOTENCY_KEY = "Idempotency-Key"
_MANY = re.compile(r"\*|\.\.|\?|:|,")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'")


class Url(TextField):
    """A URL whose placeholders cannot change where it leads unless they begin it."""

    def check_filled(self, value: Any) -> Iterator[Issue]:
        found = list(super().check_filled(value))
        yield from found
        if found:
            return
        if message := template.check_url(value):
            yield "", message
        elif not re.match(r"\s*(https?://|\{\{)", value, re.IGNORECASE):
            yield "", "The URL begins with http:// or https://."


class _Statuses(TextField):
    def check_filled(self, value: Any) -> Iterator[Issue]:
        if message := answers.check_statuses(value):
            yield "", message


class _OfTheAnswer(Conditions):
    """Conditions that may also ask for `response.status`, `response.headers` and `response.body`."""

    def texts(self, value: Any) -> Iterator[Text]:
        for pointer, text in super().texts(value):
            if not _asks_for_the_answer(text):
                yield pointer, text


class ApiRequest(NodeType):
    """Calls an HTTP API. Keep parts of the answer as variables with the response mapping; **Send** tries it out now.

    A placeholder inside quotes of a JSON body is escaped, outside of quotes it is the JSON value itself. Requests that
    change something carry an idempotency key, so that a repetition after a crash or a retry changes it only once.
    What counts as a success can be more than the status: `{{response.body.ok}}` `is true`, for example.
    """

    type, label, icon, order = "api_request", "API request", "arrow", 1
    app, group = {"id": "http", "label": "HTTP", "icon": "http"}, "data"
    kinds = ("post_call", "action", "inbound", "conversation", "automation")
    keywords = ("http", "rest", "webhook", "call", "fetch", "curl", "post", "get", "integration")
    effect, calls_out = "keyed", True
    timeout_seconds = 10

    method = Choice("Method", required=True, default="GET", options=METHODS, section="Request")
    url = Url("URL", required=True, section="Request", max_length=8192,
               help="Placeholders are percent-encoded; one that begins the URL is taken as it is.")  # fmt: skip
    connection = ConnectionRef(
        "Connection", types=http_types, section="Request",
        help="Whose credentials go along; only to the hosts the connection is bound to.",
    )  # fmt: skip
    query = KeyValues("Query", default=[], section="Request", max_items=100)
    headers = KeyValues("Headers", default=[], secure=True, section="Request", max_items=100)
    body = Body("Body", default={"type": "none"}, secure=True, section="Request")
    response_mapping = Mapping_(
        "Response mapping", default=[], section="Answer", max_items=100,
        help="A JSONPath into the answer, such as $.ticket.id, and the variable it becomes.",
    )  # fmt: skip
    success = Object(
        "Counts as success", section="Answer", default={"statuses": "2xx", "conditions": None}, advanced=True,
        fields={
            "statuses": _Statuses("Statuses", default="2xx", template=False, help="For example 2xx, 404."),
            "conditions": _OfTheAnswer("And only if", help="May ask for {{response.body...}}."),
        },
    )  # fmt: skip
    idempotency_header = TextField(
        "Idempotency header", default=IDEMPOTENCY_KEY, template=False, section="Delivery", advanced=True,
        pattern=r"[A-Za-z0-9-]{1,64}", help="Sent with POST and PATCH; the same for every try. Empty turns it off.",
    )  # fmt: skip
    follow_redirects = Toggle("Follow redirects", default=True, section="Delivery", advanced=True)
    body_limit = Number("Largest answer", default=MEBIBYTE, min=1024, max=LARGEST_BODY, section="Delivery",
                        advanced=True, help="In bytes, after unpacking.")  # fmt: skip
    sample = JsonValue("Sample answer", section="Delivery", advanced=True, help="What a dry run takes for the answer.")

    ports = SUCCESS_OR_ERROR
    outputs = (
        {"name": "status", "label": "Status", "type": "number", "sample": 200, "scope": "steps", "ports": ["success"]},
        {"name": "headers", "label": "Headers", "type": "object", "sample": {}, "scope": "steps", "ports": ["success"]},
        {"name": "body", "label": "Body", "type": "any", "sample": {}, "scope": "steps", "ports": ["success"]},
        {"name": "seconds", "label": "Seconds", "type": "number", "sample": 0.2, "scope": "steps",
         "ports": ["success"]},
        {"each": "response_mapping", "name": "variable", "type": "type", "scope": "vars"},
    )  # fmt: skip
    summary = ({"field": "method"}, " ", {"field": "url", "as": "host_path"})
    example = {
        "type": "api_request", "key": "create_ticket", "label": "Create ticket",
        "config": {
            "method": "POST", "url": "https://example.com/tickets", "connection": None,
            "query": [{"name": "source", "value": "call"}],
            "headers": [{"name": "X-Call", "value": "{{interaction.id}}"}],
            "body": {"type": "json", "content": '{"subject": "Call {{interaction.id}}", "text": '
                     '"{{interaction.transcript}}", "seconds": {{interaction.duration_seconds}}}'},
            "response_mapping": [{"path": "$.ticket.id", "variable": "ticket_no", "default": ""}],
            "success": {"statuses": "2xx", "conditions": None}, "idempotency_header": IDEMPOTENCY_KEY,
            "follow_redirects": True, "body_limit": MEBIBYTE, "sample": {"ticket": {"id": 1}},
        },
        "settings": {"retry": {"max_attempts": 5, "backoff_seconds": 1, "factor": 2}, "timeout_seconds": 10},
    }  # fmt: skip

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        config = self.config_of(node.config)
        rows = config["headers"] if isinstance(config["headers"], list) else []
        own = any(isinstance(row, Mapping) and row.get("name") == IDEMPOTENCY_KEY for row in rows)
        if config["method"] == "POST" and not config["idempotency_header"] and not own:
            text = "This POST carries no idempotency key: after a crash or a retry it may take effect twice."
            yield "W102", "/config/idempotency_header", text

    def run(self, step: Any) -> Outcome:
        credentials: Credentials = step.connection(step.config["connection"]) or NO_CREDENTIALS
        credentials.check_usable()
        secure = getattr(step, "secure", None) or {}
        mask = credentials.mask.and_also(texts_of(secure))
        request = _request(step, credentials, secure)
        step.record_request(mask.value(request.pop("shown")))
        if step.mode == "dry":
            step.warn("dry_run", "Dry run: nothing was sent; the answer is the step's sample.")
            return _done(step, {"status": 200, "headers": {}, "body": step.config["sample"], "seconds": 0.0})
        try:
            response = fetch(**request, timeout=step.timeout, connection=credentials if credentials.name else None)
            body, warning = answers.body_of(response)
            body = mask.value(body)  # whole: what is quoted from it is cut, and half a secret would not be found
            _judge(step, request["method"], response, body)
        except StepError as error:
            raise masked(error, mask) from None
        if warning:
            step.warn("answer", warning)
        return _done(step, mask.value(_output(response, body)))


def _request(step: Any, credentials: Credentials, secure: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `fetch`, and under `shown` what history keeps of them."""
    config = step.config
    method = str(config["method"] or "GET").upper()
    url = with_query(template.render_url(config["url"] or "", step.scope, step.warnings),
                     pairs_of(config["query"], step))  # fmt: skip
    content, kind, shown_body = encode(config["body"], step, secure)
    headers = {"Content-Type": kind} if kind else {}
    for row in config["headers"] or []:
        if isinstance(row, Mapping) and row.get("name"):
            value = template.render_header(row.get("value") or "", step.scope, step.warnings, secure)
            headers = {name: text for name, text in headers.items() if name.lower() != row["name"].lower()}
            headers[row["name"]] = value
    header = config["idempotency_header"]
    if header and (method in ("POST", "PATCH") or header != IDEMPOTENCY_KEY):
        headers.setdefault(header, step.idempotency_key)
    shown_headers = headers
    if secure:  # marks in its place: a PIN is too short to be found by its value afterwards
        marks = _marks(secure)
        shown_body = _unless_it_fails(lambda: encode(config["body"], _unseen(step), marks)[2])
        shown_headers = {**headers, **{
            row["name"]: _unless_it_fails(lambda row=row: template.render_header(row["value"], step.scope, [], marks))
            for row in config["headers"] or [] if isinstance(row, Mapping) and "secure" in str(row.get("value"))
        }}  # fmt: skip
    shown = {"method": method, "url": url, "headers": credentials.mask.headers(shown_headers), "body": shown_body}
    if credentials.name:
        shown["connection"] = credentials.name
    return {
        "method": method, "url": url, "headers": headers, "body": content, "max_bytes": int(config["body_limit"]),
        "redirects": REDIRECTS if config["follow_redirects"] else 0, "shown": shown,
    }  # fmt: skip


def _marks(value: Any) -> Any:
    return {name: _marks(item) for name, item in value.items()} if isinstance(value, Mapping) else HIDDEN


def _unseen(step: Any) -> Any:
    """What renders like `step` and warns nobody a second time."""
    return SimpleNamespace(scope=step.scope, warnings=[], idempotency_key=step.idempotency_key)


def _unless_it_fails(render: Callable[[], Any]) -> Any:
    try:
        return render()
    except StepError:  # a filter may have asked for a number
        return HIDDEN


def _judge(step: Any, method: str, response: Response, body: Any) -> None:
    """Raise StepError unless the answer counts as a success."""
    rule = step.config["success"] or {}
    host = urlsplit(response.url).hostname
    if not answers.is_one_of(response.status, rule.get("statuses") or "2xx"):
        happened, code, advice = "", f"http_{response.status}", answers.help_with(response.status)
    elif unmet := _unmet(step, rule.get("conditions"), response, body):
        happened, code, advice = f", but not as the step's success rule asks ({unmet})", "not_successful", ""
    else:
        return
    said = answers.words_of(body)
    told = f"{host} says: {said}" if said else ""
    message = f"{method} {host} answered {answers.phrase(response.status)}{happened}. {told} {advice}"
    raise failed(message, code, answers.can_be_retried(response), response, body)


def _unmet(step: Any, rules: Any, response: Response, body: Any) -> str | None:
    """Which condition of the success rule does not hold."""
    if not rules:
        return None
    answer = {"status": response.status, "headers": response.headers, "body": body}
    good, compared = conditions.evaluate(rules, {**step.scope, "response": answer}, step.warnings)
    if good:
        return None
    first = next((row for row in compared if not row["result"]), None)
    return f"{first['left']} is {first['left_value']!r}"[:200] if first else "no condition holds"


def _output(response: Response, body: Any) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return {"status": response.status, "headers": headers, "body": body, "seconds": round(response.seconds, 3)}


def _done(step: Any, output: dict[str, Any]) -> Done:
    variables = dict(_mapped(step, output["body"]))
    for name, value in variables.items():
        if isinstance(value, str | int) and not isinstance(value, bool):
            step.reference(name, value)
    return Done(output=output, port="success", variables=variables)


def _mapped(step: Any, body: Any) -> Iterator[tuple[str, Any]]:
    """(variable, value) of the response mapping: one value for a path to one place, a list for any other."""
    for row in step.config["response_mapping"] or []:
        found = jsonpath.find(row["path"], body) if isinstance(body, dict | list) else []
        if _MANY.search(_QUOTED.sub("", row["path"])):
            yield row["variable"], found or row.get("default") or []
        elif found:
            yield row["variable"], found[0]
        else:
            if "default" not in row:
                step.warn("not_in_answer", f"The answer has nothing at {row['path']}, so {row['variable']} is empty.")
            yield row["variable"], row.get("default")


def _asks_for_the_answer(text: str) -> bool:
    try:
        named = template.compile_template(text).references()
    except TemplateError:
        return False
    return any(reference.path and reference.path[0] == "response" for reference in named)
