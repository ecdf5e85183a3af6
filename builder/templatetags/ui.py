"""The parts that pages share: icons, states as icon + colour + word, times, durations, figures, small charts."""

import json
import re
from datetime import UTC, datetime

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.dateparse import parse_datetime
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from builder.pages import charts
from builder.pages.step_view import compared
from runtime.engine.values import to_number
from runtime.lasting import lasting

register = template.Library()
register.filter(compared)

# Run and step statuses: (tone, icon, words)
STATES = {
    "queued": ("", "clock", "Queued"),
    "running": ("info", "refresh", "Running"),
    "waiting": ("info", "clock", "Waiting"),
    "succeeded": ("ok", "check", "Succeeded"),
    "failed": ("bad", "x", "Failed"),
    "cancelled": ("", "stop", "Cancelled"),
    "timed_out": ("bad", "clock", "Timed out"),
    "parked": ("warn", "pause", "Parked"),
    "skipped": ("", "eject", "Skipped"),
    "unknown": ("warn", "help", "Unknown"),
}
KINDS = {
    "post_call": ("Post-call", "phone"),
    "action": ("Action", "bolt"),
    "inbound": ("Inbound", "arrow-down"),
    "conversation": ("Conversation", "message"),
    "automation": ("Automation", "refresh"),
}
MODES = {"live": "Live", "test": "Test", "dry": "Dry test"}


@register.simple_tag
def sprite():
    """The address of the icon sprite."""
    return staticfiles_storage.url("icons.svg")


@register.simple_tag
def icon(name, label="", size=""):
    """A stroke icon; without a label it is decoration and hidden from screen readers."""
    classes = "icon icon-small" if size == "small" else "icon"
    said = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#i-{}"/></svg>', classes, said, sprite(), name)


@register.simple_tag
def status(value):
    """A state as colour, icon and word, so that none of them carries the meaning alone."""
    tone, symbol, words = STATES.get(value, ("", "help", str(value)))
    return format_html('<span class="badge" data-tone="{}">{}{}</span>', tone, icon(symbol), words)


@register.filter
def state_in(step, run):
    """A step's status as one reads it in its run: nothing waits or goes on in a run that was cancelled."""
    return "cancelled" if run.status == "cancelled" and step.status in ("waiting", "running") else step.status


@register.filter
def tone_of(value):
    return STATES.get(value, ("", "", ""))[0]


@register.filter
def status_words(value):
    return STATES.get(value, ("", "", str(value)))[2]


@register.filter
def kind_words(value):
    return KINDS.get(value, (str(value), ""))[0]


@register.simple_tag
def kind_badge(value):
    words, symbol = KINDS.get(value, (str(value), "zap"))
    return format_html('<span class="badge" data-tone="accent">{}{}</span>', icon(symbol), words)


@register.filter
def mode_words(value):
    return MODES.get(value, value)


@register.simple_tag
def glyph(symbol, color="slate", size=""):
    """The coloured square with a node type's icon."""
    classes = "glyph glyph-small" if size == "small" else "glyph"
    return format_html('<span class="{}" data-color="{}">{}</span>', classes, color, icon(symbol))


@register.filter
def duration(seconds):
    """Seconds as people say them: 4 ms, 1.3 s, 2 min 5 s, 3 h 20 min."""
    seconds = to_number(seconds)  # a vendor may have written anything there
    return "–" if seconds is None else lasting(seconds)


@register.filter
def web_address(value):
    """`value` where it is an address on the web, else nothing: it becomes a link that somebody clicks."""
    return value if isinstance(value, str) and value.lower().startswith(("https://", "http://")) else ""


@register.simple_tag
def moment(value, form="relative"):
    """A point in time. The page says it in UTC; `static/pages/times.js` in the reader's own zone.

    `form`: relative ("5 minutes ago", then a date), full (date and time with seconds), day, clock.
    """
    if isinstance(value, str):
        value = parse_datetime(value)
    if not isinstance(value, datetime):
        return "–"
    value = value.astimezone(UTC)
    text = value.strftime("%-d %b %Y, %H:%M:%S UTC" if form == "full" else "%-d %b %Y, %H:%M UTC")
    return format_html('<time datetime="{}" data-form="{}">{}</time>', value.isoformat(), form, text)


@register.filter
def percent(share):
    """0.987 -> 98.7 %; whole when it is whole."""
    if share is None:
        return "–"
    figure = f"{share * 100:.1f}".rstrip("0").rstrip(".")
    return f"{figure} %"


@register.filter
def pretty_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def one_line(value, length=120):
    """Any value as one short line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


@register.filter
def spaced(word):
    """A word of the wire as one reads it: `in_progress` is in progress."""
    return str(word).replace("_", " ")


@register.filter
def marked(text):
    """The little markup that help texts use: `code` and **strong**; everything else stays text."""
    escaped = str(escape(text))
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return mark_safe(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", escaped))


@register.simple_tag
def sparkline(counts, label):
    """A row of small bars, each (succeeded, failed), oldest first."""
    return charts.sparkline(counts, label)


@register.simple_tag
def stacked_bars(points, label):
    return charts.stacked_bars(points, label)


@register.simple_tag
def lines(points, names, label):
    return charts.lines(points, names, label)


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """This page's query string with some parameters changed; an empty value takes one out."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = value
    text = params.urlencode()
    return f"?{text}" if text else context["request"].path


@register.simple_tag(takes_context=True)
def current(context, *names):
    """`aria-current` for a link of the navigation when this page is one of `names` or below it."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.url_name if match else ""
    if any(here == name or (name.endswith("*") and here.startswith(name[:-1])) for name in names):
        return mark_safe('aria-current="page"')
    return ""
