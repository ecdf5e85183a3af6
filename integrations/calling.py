"""What every step that calls a peer does alike: the query, the failure an operator reads, secrets kept out of both."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from integrations import answers
from integrations.http import Response
from integrations.masking import Mask
from runtime.engine.errors import StepError
from runtime.engine.values import excerpt

LONGEST_DETAIL = 2000  # characters of a peer's answer that stay with the error


def with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    """`url` with the pairs added to its query."""
    if not pairs:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(pairs, quote_via=quote))))
    return urlunsplit(parts._replace(query=query))


def failed(message: str, code: str, retryable: bool, response: Response, body: Any) -> StepError:
    """An answer that is none of success: what it was stays with the error, Retry-After is heeded."""
    detail = {"status": response.status, "headers": response.headers, "body": excerpt(body, LONGEST_DETAIL),
              "seconds": round(response.seconds, 3)}  # fmt: skip
    return StepError(" ".join(message.split()), code, retryable, answers.wait_asked_for(response), detail)


def masked(error: StepError, mask: Mask) -> StepError:
    """The error as it may be kept and shown."""
    detail = error.detail
    if isinstance(detail, Mapping) and "headers" in detail:
        detail = {**detail, "headers": mask.headers(detail["headers"])}
    return StepError(mask.text(error.message), error.code, error.retryable, error.retry_after, mask.value(detail))
