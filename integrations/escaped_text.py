"""Templates whose values go into a language of their own: HTML, a vendor's markup. What the author wrote stays as it
is; what the variables bring is escaped, so that a transcript is read and never obeyed."""

import html
from collections.abc import Callable
from typing import Any

from runtime.engine import template
from runtime.engine.placeholder import Placeholder, Rendering

Escape = Callable[[str], str]


def render_escaped(text: str, step: Any, escape: Escape) -> str:
    """`text` rendered against the step's scope, each placeholder's value passed through `escape`.

    Quietly: what is missing was told when the step's settings were rendered (`given`).
    """
    rendering = Rendering(step.scope, [], None)
    made = (
        escape(part.as_text(rendering)) if isinstance(part, Placeholder) else part
        for part in template.compile_template(text).parts
    )
    return "".join(made)


def in_html(value: str) -> str:
    """A value as HTML shows it, its line breaks kept."""
    return html.escape(value).replace("\n", "<br>\n")


def in_slack(value: str) -> str:
    """The three characters that Slack's mrkdwn gives a meaning of its own (docs.slack.dev, Formatting message text)."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
