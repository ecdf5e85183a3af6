"""JSONPath (RFC 9535) with caps on the path, the document, the results, and the work of finding them.

A short path can ask for endless work (`$[?@..a == $..b]`, `$[*,*][*,*]...`), so every visit, filter and comparison is
counted against one budget: the library's parser is given segments and queries that count. Patterns of match() and
search() run on RE2, never on an engine that backtracks.
"""

import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any, Self

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathNode, JSONPathQuery, Parser
from jsonpath_rfc9535.filter_expressions import RelativeFilterQuery, RootFilterQuery
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.segments import JSONPathChildSegment, JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import IndexSelector, NameSelector

from runtime.engine import comparing
from runtime.engine.errors import StepError
from runtime.engine.values import walk

LONGEST_PATH, MOST_DESCENTS, MOST_RESULTS = 512, 3, 10_000
LARGEST_DOCUMENT = 1_000_000  # characters of its texts and numbers, roughly
MOST_WORK = 150_000  # visits of values; about a third of a second
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'")
_budget = threading.local()


class TooMuchWork(Exception):
    """The path asks for more work than a step may do."""


def check(path: Any) -> str | None:
    """What is wrong with a path, None if nothing is."""
    if not isinstance(path, str) or not path.startswith("$"):
        return "A path starts with $, as in $.ticket.id."
    try:
        _compiled(path)
    except ValueError as error:
        return str(error)
    return None


def find(path: str, value: Any) -> list[Any]:
    """The values at `path`, in the order of the document; they are its own, not copies.

    Raises StepError for a path that cannot be read, a document over 1 MB, and too many results or too much work.
    """
    if message := check(path):
        raise StepError(f"{str(path)[:80]}: {message}", code="bad_path")
    if too_large(value):
        raise StepError("The answer is too large for a JSONPath (1 MB).", code="path_document_too_large")
    _budget.left = MOST_WORK
    try:
        found = [node.value for node in islice(_compiled(path).finditer(value), MOST_RESULTS + 1)]
    except (TooMuchWork, RecursionError):
        raise StepError(f"{path[:80]} asks for too much work here; make it more exact.", code="path_work") from None
    except JSONPathError as error:
        raise StepError(f"{path[:80]}: {_reason(error)}", code="bad_path") from None
    if len(found) > MOST_RESULTS:
        raise StepError(f"{path[:80]} finds more than {MOST_RESULTS:,} values.", code="path_results")
    return found


def too_large(value: Any) -> bool:
    """Whether a document holds more than a path is let loose on."""
    size = 0
    for item in walk(value):
        size += len(item) + 3 if type(item) is str else 3
        if size > LARGEST_DOCUMENT:
            return True
    return False


@lru_cache(maxsize=512)
def _compiled(path: str) -> JSONPathQuery:
    if len(path) > LONGEST_PATH:
        raise ValueError(f"A path has at most {LONGEST_PATH} characters.")
    if _QUOTED.sub("", path).count("..") > MOST_DESCENTS:
        raise ValueError(f"A path has at most {MOST_DESCENTS} descents (..).")
    try:
        return _ENVIRONMENT.compile(path)
    except JSONPathError as error:
        raise ValueError(_reason(error)) from None
    except RecursionError:
        raise ValueError("The path nests too deep.") from None


def _reason(error: JSONPathError) -> str:
    text = (error.args[0] if error.args else "") or "cannot be read"
    return f"{str(text)[:200]}."


def _spend(amount: int) -> None:
    _budget.left -= amount
    if _budget.left < 0:
        raise TooMuchWork


class _Counting:
    """What a segment costs for each value it looks at: so much at once, and so much for each member."""

    selectors: Iterable[Any]

    def price(self) -> Self:
        scanning = [each for each in self.selectors if not isinstance(each, NameSelector | IndexSelector)]
        self.once = sum(1 for _ in self.selectors)
        self.each = sum(1 + len(str(each)) // 16 for each in scanning)  # a long filter is more work
        return self

    def pay(self, value: Any) -> None:
        _spend(self.once + (self.each * len(value) if self.each and isinstance(value, dict | list) else 0))


class _Child(_Counting, JSONPathChildSegment):  # type: ignore[misc]
    def resolve(self, nodes: Iterable[JSONPathNode]) -> Iterable[JSONPathNode]:
        for node in nodes:
            self.pay(node.value)
            for selector in self.selectors:
                yield from selector.resolve(node)


class _Descent(_Counting, JSONPathRecursiveDescentSegment):  # type: ignore[misc]
    def _visit(self, node: JSONPathNode, depth: int = 1) -> Iterable[JSONPathNode]:
        self.pay(node.value)
        yield from super()._visit(node, depth)


class _Root(RootFilterQuery):
    def evaluate(self, context: Any) -> object:
        return _weighed(super().evaluate(context))


class _Relative(RelativeFilterQuery):
    def evaluate(self, context: Any) -> object:
        return _weighed(super().evaluate(context))


def _weighed(found: Any) -> Any:
    """What a query inside a filter found will be compared, at worst all of it."""
    for node in found if isinstance(found, list) else ():
        for item in walk(node.value):
            _spend(1 + len(item) // 64 if type(item) is str else 1)
    return found


class _CountingParser(Parser):
    def parse_query(self, stream: Any, *, in_filter: bool = False) -> Iterable[Any]:
        for segment in super().parse_query(stream, in_filter=in_filter):
            counting = _Descent if isinstance(segment, JSONPathRecursiveDescentSegment) else _Child
            yield counting(env=segment.env, token=segment.token, selectors=segment.selectors).price()

    def parse_root_query(self, stream: Any) -> Any:
        made: Any = super().parse_root_query(stream)
        return _Root(token=made.token, query=made.query)

    def parse_relative_query(self, stream: Any) -> Any:
        made: Any = super().parse_relative_query(stream)
        return _Relative(token=made.token, query=made.query)


class _Pattern(FilterFunction):
    """match() or search() on RE2; a pattern that cannot be read matches nothing, as RFC 9535 says."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, whole: bool):
        self.whole = whole

    def __call__(self, text: Any, pattern: Any) -> bool:
        if not isinstance(text, str) or not isinstance(pattern, str) or len(text) > comparing.LONGEST_SEARCHED:
            return False
        try:
            compiled = comparing.compiled(pattern)
        except comparing.NotComparable:
            return False
        return (compiled.fullmatch if self.whole else compiled.search)(text) is not None


class _Environment(JSONPathEnvironment):
    parser_class = _CountingParser

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Pattern(whole=True)
        self.function_extensions["search"] = _Pattern(whole=False)


_ENVIRONMENT = _Environment()
