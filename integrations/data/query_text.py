"""A query as a person writes it, `:name` for each value, as the drivers take it; values never become part of it."""

import re

_PARTS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | :: | (?<![\w:]):(?P<name>[A-Za-z_]\w*) | (?P<percent>%)""",
    re.DOTALL | re.VERBOSE,
)


def names_in(query: str) -> list[str]:
    """The names of the values a query asks for, each once, in order; none inside texts, comments and casts."""
    return list(dict.fromkeys(found["name"] for found in _PARTS.finditer(query) if found["name"]))


def for_postgresql(query: str) -> str:
    """The query with psycopg's placeholders: %(name)s, and a plain % doubled."""

    def become(found: re.Match[str]) -> str:
        if found["name"]:
            return f"%({found['name']})s"
        return found[0].replace("%", "%%")

    return _PARTS.sub(become, query)


def for_mysql(query: str) -> tuple[str, list[str]]:
    """The query with ? for each value, and the names of the values in the order of these marks."""
    names = []

    def become(found: re.Match[str]) -> str:
        if found["name"]:
            names.append(found["name"])
            return "?"
        return found[0]

    return _PARTS.sub(become, query), names
