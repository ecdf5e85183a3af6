"""Templates: texts with `{{ path | filter }}` in them. This is the face other modules use.

A template is data: it reaches the keys and places of JSON values, runs a fixed list of pure filters, and its output is
never evaluated again. What is missing is empty, with a warning on the step; `secure.*` resolves only where the caller
hands the values in. Reading is done once per text (`placeholder_grammar`, `template_text`); places with rules of their
own are JSON texts (`json_body`), URLs and headers (`request_text`).
"""

from runtime.engine.errors import TemplateError
from runtime.engine.json_body import check_json, json_outline, render_json
from runtime.engine.placeholder import Reference
from runtime.engine.references import references, rename_references
from runtime.engine.request_text import check_url, render_header, render_url
from runtime.engine.template_text import Template, compile_template

__all__ = [
    "Reference",
    "Template",
    "TemplateError",
    "check_json",
    "check_url",
    "compile_template",
    "json_outline",
    "references",
    "rename_references",
    "render_header",
    "render_json",
    "render_url",
]
