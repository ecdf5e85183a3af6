"""Reading bodies: JSON by the engine's strict reader, with a cap that holds for chunked bodies too."""

from typing import Any

from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser

from runtime.engine.values import BadJson, safe_loads

LARGEST = 3 * 1024 * 1024  # a document of 2 MiB, and the ops around it


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {LARGEST // 1024 // 1024} MiB."
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """application/json without NaN, duplicate surprises or absurd depth."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise TooLarge
        if not body.strip():
            return {}
        try:
            return safe_loads(body)
        except BadJson as error:
            raise exceptions.ParseError(f"The body is no JSON: {error}")
