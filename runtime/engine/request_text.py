"""Templates for the parts of a request that have rules of their own: the URL and header values.

A placeholder that starts the URL is taken as it is (`{{workspace.crm_url}}/contacts`). Everywhere else its value is
percent-encoded and can change neither scheme nor host: in the host only one label of letters, digits and hyphens may
stand before a domain that is written out (`https://{{workspace.tenant}}.zendesk.com/`).
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from runtime.engine.errors import StepError, TemplateError
from runtime.engine.placeholder import Placeholder, Rendering
from runtime.engine.template_text import Scope, Template, Warnings, compile_template, fitting

LONGEST_URL = 8_192
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_START = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_DOMAIN_FOLLOWS = re.compile(r"(?:\.[A-Za-z0-9-]+){2,}\.?(?::\d+)?(?:[/?#]|\Z)")


def render_url(text: str, scope: Scope, warnings: Warnings, secure: Mapping[str, Any] | None = None) -> str:
    """The URL. Raises StepError where a value would change where the request goes, or is too long."""
    template = compile_template(text.strip())
    rendering = Rendering(scope, warnings, secure)
    url = ""
    for position, part in enumerate(template.parts):
        if isinstance(part, Placeholder):
            value = part.as_text(rendering)
            url += value.strip() if position == 0 else _encoded(template, position, value, url)
        else:
            url += part
        if len(url) > LONGEST_URL:
            raise StepError(f"The URL is longer than {LONGEST_URL:,} characters.", code="bad_url")
    if _SPACE_OR_CONTROL.search(url):
        raise StepError("The URL has a space or a control character in it.", code="bad_url")
    if not template.plain and _climbs(url):
        raise StepError('The path of the URL has a part "." or "..", which would lead elsewhere.', code="bad_url")
    return url


def check_url(text: str) -> str | None:
    """What is wrong with a URL template wherever its values come from; None if nothing is."""
    try:
        template = compile_template(text.strip())
    except TemplateError as error:
        return error.message
    before = ""
    for position, part in enumerate(template.parts):
        if isinstance(part, Placeholder) and position and (message := _misplaced(template, position, before)):
            return message
        before += part if isinstance(part, str) else "x" if position else "https://x"
    return None


def render_header(text: str, scope: Scope, warnings: Warnings, secure: Mapping[str, Any] | None = None) -> str:
    """The value of a header. Raises StepError for line breaks and what a header cannot carry."""
    value = fitting(compile_template(text).render_text(scope, warnings, secure)).strip(" \t")
    if _CONTROL.search(value):
        raise StepError("A header's value has a line break or a control character in it.", code="bad_header")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise StepError("A header's value has characters that headers cannot carry.", code="bad_header") from None
    return value


def _encoded(template: Template, position: int, value: str, before: str) -> str:
    place = _place(before)
    if place == "path":
        return quote(value, safe="")
    if message := _misplaced(template, position, before):
        raise StepError(message, code="bad_url")
    if not _LABEL.match(value):
        part = template.parts[position]
        assert isinstance(part, Placeholder)
        raise StepError(f"{part.text} stands in the host and may only be letters, digits and hyphens.", code="bad_url")
    return value


def _misplaced(template: Template, position: int, before: str) -> str | None:
    place, part = _place(before), template.parts[position]
    assert isinstance(part, Placeholder)
    if place == "path":
        return None
    after = template.parts[position + 1] if position + 1 < len(template.parts) else ""
    if place == "host" and isinstance(after, str) and _DOMAIN_FOLLOWS.match(after):
        return None
    return f"{part.text} would change the host: start the URL with it, or put it after the host and a /."


def _place(before: str) -> str:
    """Where the end of a URL begun as `before` is: scheme, host, or path (and all after it)."""
    start = _START.match(before)
    rest = before[start.end() :] if start else before
    if any(char in rest for char in "/?#"):
        return "path"
    return "host" if start else "scheme"


def _climbs(url: str) -> bool:
    path = re.split(r"[?#]", url, maxsplit=1)[0].partition("//")[2] or url
    return any(unquote(part) in (".", "..") for part in path.split("/"))
