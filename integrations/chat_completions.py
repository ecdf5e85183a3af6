"""Talking to any endpoint that speaks OpenAI's chat completions, in the dialect it knows.

Endpoints differ in what they take: how a model is held to a schema, what the longest answer is called, whether they
can do without streaming. What one refuses is left out or said otherwise, and remembered for as long as this process
lives.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from integrations.exchange import Exchange, Request
from integrations.prompting.asking import Message, corrected, with_schema_in_words
from integrations.prompting.reading import Completion, Unfit, completion_of, json_of, text_of
from runtime.engine.errors import StepError

T = TypeVar("T")
OPENAI = "https://api.openai.com/v1"
MOST_ADAPTATIONS = 5
MOST_REMEMBERED = 500
# (what an endpoint's refusal speaks of, the change that meets it, the change it needs to have been made before)
_CHANGES = [
    (re.compile(r"response_format|json_schema|structured output|json mode", re.I), "no_format", "no_schema"),
    (re.compile(r"response_format|json_schema|structured output|strict", re.I), "no_schema", ""),
    (re.compile(r"max_completion_tokens", re.I), "other_limit", ""),
    (re.compile(r"max_tokens", re.I), "other_limit", ""),
    (re.compile(r"temperature", re.I), "no_temperature", ""),
    (re.compile(r"stream_options", re.I), "no_usage", "stream"),
    (re.compile(r"\bstream", re.I), "stream", ""),
]
_dialects: dict[tuple[str, str], frozenset[str]] = {}


class Talk:
    """The requests of one step to one model, and the tokens they took together."""

    def __init__(self, exchange: Exchange, model: str, most_tokens: int, temperature: float = 0):
        self.exchange, self.model, self.most_tokens, self.temperature = exchange, model, most_tokens, temperature
        self.address = exchange.credentials.address
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None

    def ask(self, messages: Sequence[Message], schema: Any = None, strict: bool = False) -> Completion:
        """What the model says. `schema`: the JSON Schema of its answer, `True` for any JSON."""
        place = (self.address, self.model)
        dialect = _dialects.get(place, frozenset())
        for _ in range(MOST_ADAPTATIONS):
            try:
                body = self.exchange.send(self._request(messages, schema, strict, dialect))
                break
            except StepError as error:
                change = _change(error, dialect, schema is not None)
                if change is None:
                    raise
                dialect |= {change}
        else:
            raise StepError("The AI model takes none of the forms a request can have.", "bad_answer")
        if len(_dialects) < MOST_REMEMBERED or place in _dialects:
            _dialects[place] = dialect
        completion = completion_of(body)
        self.input_tokens = _sum(self.input_tokens, completion.input_tokens)
        self.output_tokens = _sum(self.output_tokens, completion.output_tokens)
        return completion

    def agree(self, messages: Sequence[Message], schema: Any, strict: bool, read: Callable[[Any], T]) -> T:
        """What `read` makes of the JSON the model answers. One answer that does not fit is told why and asked again."""
        for again in (False, True):
            said = text_of(self.ask(messages, schema, strict), self.most_tokens)
            try:
                return read(json_of(said))
            except Unfit as problem:
                if again:
                    text = f"The AI model's answer does not fit, not even after it was told why: {problem}"
                    raise StepError(text, "bad_answer", detail={"answer": said[:2000]}) from None
                self.exchange.step.warn(
                    "asked_again", f"The first answer did not fit, so it was asked again: {problem}"
                )
                messages = corrected(messages, said, str(problem))
        raise AssertionError("not reached")

    def usage(self) -> dict[str, Any]:
        """{"input_tokens", "output_tokens", "cost"}; the cost in the currency of the connection's prices, or null."""
        prices = [_price(self.exchange.credentials.values.get(name)) for name in ("input_price", "output_price")]
        counts = [self.input_tokens, self.output_tokens]
        known = all(part is not None for part in (*prices, *counts))
        cost = sum(price * count for price, count in zip(prices, counts, strict=True)) / 1e6 if known else None  # type: ignore[operator]
        return {"input_tokens": counts[0], "output_tokens": counts[1], "cost": cost and round(cost, 8)}

    def _request(self, messages: Sequence[Message], schema: Any, strict: bool, dialect: frozenset[str]) -> Request:
        in_words = schema not in (None, True) and "no_schema" in dialect
        body: dict[str, Any] = {"model": self.model}
        body["messages"] = with_schema_in_words(messages, schema) if in_words else list(messages)
        newer = (self.address == OPENAI) != ("other_limit" in dialect)
        body["max_completion_tokens" if newer else "max_tokens"] = self.most_tokens
        if "no_temperature" not in dialect:
            body["temperature"] = self.temperature
        if schema is not None and "no_format" not in dialect:
            body["response_format"] = (
                {"type": "json_object"} if in_words or schema is True
                else {"type": "json_schema", "json_schema": {"name": "answer", "strict": strict, "schema": schema}}
            )  # fmt: skip
        if "stream" in dialect:
            body |= {"stream": True} | ({} if "no_usage" in dialect else {"stream_options": {"include_usage": True}})
        return Request("POST", "/chat/completions", json=body)


def _change(error: StepError, dialect: frozenset[str], wants_json: bool) -> str | None:
    """What to do differently after a refusal that speaks of how we asked; None if that is not what it is about."""
    if error.code not in ("http_400", "http_422", "http_501"):
        return None
    said = f"{error.message} {(error.detail or {}).get('body')}"
    for spoken_of, change, after in _CHANGES:
        about_json = change in ("no_format", "no_schema")
        if change in dialect or (after and after not in dialect) or (about_json and not wants_json):
            continue
        if spoken_of.search(said):
            return change
    return None


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


def _price(text: str | None) -> float | None:
    return float(text) if text else None
