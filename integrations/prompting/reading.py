"""Reading what an OpenAI-compatible endpoint answers: whole or streamed, refused, cut off, or JSON in a wrapping.

Shapes: OpenAI's API specification, createChatCompletion (response, and chunk object of streams).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.engine.errors import StepError
from runtime.engine.values import BadJson, safe_loads

_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


class Unfit(ValueError):
    """An answer that does not fit what was asked; the message tells the model and people alike."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model said, and what it cost in tokens (None where the endpoint does not say)."""

    text: str
    finish: str = ""
    refusal: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


def completion_of(body: Any) -> Completion:
    """The first choice of an answer, streamed or not. Raises StepError for what is none."""
    if isinstance(body, str) and "data:" in body:
        return _streamed(body)
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        text = "The AI model answered, but not with a chat completion. Is the address right? It often ends in /v1."
        raise StepError(text, "bad_answer")
    message = choices[0].get("message")
    message = message if isinstance(message, Mapping) else {}
    return Completion(
        _text(message.get("content")), str(choices[0].get("finish_reason") or ""), str(message.get("refusal") or ""),
        *_tokens(body.get("usage")),
    )  # fmt: skip


def text_of(completion: Completion, most_tokens: int) -> str:
    """What was said. Raises StepError for a refusal, a cut-off answer, and for nothing at all."""
    said = _THOUGHTS.sub("", completion.text).replace("\0", "").strip()
    if completion.refusal or completion.finish == "content_filter":
        why = f": {completion.refusal[:300]}" if completion.refusal else " by its content filter."
        raise StepError(f"The AI model refused to answer{why}", "refused")
    if completion.finish == "length":
        text = f"The AI model's answer was cut off at {most_tokens:,} tokens. Raise “Longest answer”, or ask for less."
        raise StepError(text, "truncated")
    if not said:
        raise StepError("The AI model answered nothing. Try again, or another model.", "empty_answer", retryable=True)
    return said


def json_of(text: str) -> Any:
    """The JSON value in an answer, also between fences or after a few words. Raises Unfit."""
    fenced = _FENCED.search(text)
    for candidate in filter(None, (text, fenced and fenced[1], _from_first_bracket(text))):
        try:
            return safe_loads(candidate.strip())
        except BadJson:
            continue
    raise Unfit("It is no JSON.")


def _from_first_bracket(text: str) -> str:
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    if not starts:
        return ""
    try:
        _, end = json.JSONDecoder().raw_decode(text, min(starts))
    except (ValueError, RecursionError):
        return ""
    return text[min(starts) : end]


def _streamed(body: str) -> Completion:
    texts, refusals, finish, tokens, done = [], [], "", (None, None), False
    for event in _events(body):
        if event is None:
            done = True
            continue
        if error := event.get("error"):
            said = error.get("message") if isinstance(error, Mapping) else error
            raise StepError(f"The AI model stopped in the middle: {str(said)[:300]}", "not_successful", retryable=True)
        if isinstance(event.get("usage"), Mapping):
            tokens = _tokens(event["usage"])
        for choice in event.get("choices") or []:
            delta = choice.get("delta") or choice.get("message") or {}
            texts.append(_text(delta.get("content")))
            refusals.append(str(delta.get("refusal") or ""))
            finish = str(choice.get("finish_reason") or finish)
    if not done and not finish:
        raise StepError("The AI model's answer broke off before its end.", "connection_lost", retryable=True)
    return Completion("".join(texts), finish, "".join(refusals), *tokens)


def _events(body: str) -> Iterator[dict[str, Any] | None]:
    """The JSON objects of a stream of server-sent events; None for its end mark."""
    for line in body.splitlines():
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            yield None
        elif data:
            try:
                event = safe_loads(data)
            except BadJson:
                raise StepError("The AI model's answer broke off before its end.", "connection_lost", True) from None
            if isinstance(event, dict):
                yield event


def _text(content: Any) -> str:
    if isinstance(content, list):  # parts, as some endpoints give them
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def _tokens(usage: Any) -> tuple[int | None, int | None]:
    found = usage if isinstance(usage, Mapping) else {}
    counts = [found.get(name) for name in ("prompt_tokens", "completion_tokens")]
    return tuple(count if type(count) is int and count >= 0 else None for count in counts)  # type: ignore[return-value]
