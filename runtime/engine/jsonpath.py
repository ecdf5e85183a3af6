"""JSONPath (RFC 9535) with caps: on the path, the document, the results and the work of finding them.

Patterns of match() and search() run on RE2, never on a backtracking engine.
"""

import re
import threading
from functools import lru_cache
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

from runtime.engine import comparing
from runtime.engine.errors import StepError
from runtime.engine.values import deeper_than

LONGEST_PATH, MOST_DESCENTS, MOST_RESULTS = 512, 3, 10_000
LARGEST_DOCUMENT = 1_000_000  # characters, roughly
MOST_VISITS = 200_000
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'")


def check(path: Any) -> str | None:
    """What is wrong with a path, None if nothing is."""
    if not isinstance(path, str) or not path:
        return "A path starts with $, as in $.ticket.id."
    try:
        _compiled(path)
    except ValueError as error:
        return str(error)
    return None


def find(path: str, value: Any) -> list[Any]:
    """The values at `path` in a JSON value, in document order. Raises StepError for a bad path or too much work."""
    raise NotImplementedError
