"""The node type `code`: a few lines of JavaScript between two steps, run in a sandbox (integrations/sandbox)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from integrations import sandbox
from runtime.engine.errors import StepError
from runtime.engine.fields import Code, Issue, KeyValues
from runtime.engine.node_type import SUCCESS_OR_ERROR, NodeType
from runtime.engine.outcomes import Done, Outcome
from runtime.engine.values import safe_dumps

LONGEST_PROGRAM = 64 * 1024
LARGEST_INPUTS = 1024 * 1024
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}\Z")


class _Inputs(KeyValues):
    """Rows whose names a program can write after `inputs.`, each once."""

    def check_filled(self, value: Any) -> Iterator[Issue]:
        found = list(super().check_filled(value))
        yield from found
        names = [] if found else [row["name"] for row in value]
        for position, name in enumerate(names):
            if not _NAME.match(name):
                yield (
                    f"/{position}/name",
                    f"{name[:40]!r} cannot be written after `inputs.`: use letters, digits and _.",
                )
            elif name in names[:position]:
                yield f"/{position}/name", f"There is an input {name!r} above already."


class _Program(Code):
    """A program that can at least be read; nothing of it is run to find out."""

    def check_filled(self, value: Any) -> Iterator[Issue]:
        found = list(super().check_filled(value))
        yield from found
        if found:
            return
        try:
            problem = _problem(value)
        except StepError as error:
            problem = error.message if error.code == "no_sandbox" else ""  # busy: running it will tell
        if problem:
            yield "", problem


class CodeNode(NodeType):
    """Runs JavaScript on the inputs you choose and keeps what it returns.

    Write the inside of a function: `inputs.<name>` is what you chose, `return` gives the result (any JSON), and
    `console.log` shows lines in the run. There are no files, no network, no timers and no packages; a program has
    1.5 s and 64 MB, and nothing is left of it when it ends. Secrets cannot be inputs.
    """

    type, label, icon, order = "code", "Code", "code", 9
    kinds = ("post_call", "action", "inbound", "conversation", "automation")
    keywords = ("javascript", "js", "script", "function", "calculate", "transform", "map")
    effect = "repeatable"
    timeout_seconds = 5

    inputs = _Inputs("Inputs", default=[], max_items=50,
                     help="Read as inputs.<name>. A lone placeholder keeps its type.")  # fmt: skip
    program = _Program("JavaScript", required=True, max_length=LONGEST_PROGRAM, options_from="inputs",
                       help="The inside of a function: read inputs.<name>, return the result.")  # fmt: skip

    ports = SUCCESS_OR_ERROR
    outputs = (
        {"name": "result", "label": "Result", "type": "any", "sample": None, "scope": "steps", "ports": ["success"]},
        {"name": "console", "label": "Console", "type": "list", "sample": [], "scope": "steps", "ports": ["success"]},
    )  # fmt: skip
    summary = ({"field": "inputs", "as": "names"},)
    example = {
        "type": "code", "key": "names", "label": "Split the name",
        "config": {
            "inputs": [{"name": "name", "value": "{{contact.name}}"}],
            "program": "const [first, ...rest] = String(inputs.name ?? '').trim().split(/\\s+/);\n"
                       "return { first, last: rest.join(' ') };",
        },
    }  # fmt: skip

    def run(self, step: Any) -> Outcome:
        inputs = {row["name"]: step.value(row.get("value") or "") for row in step.config["inputs"] or []}
        text = safe_dumps(inputs)
        if len(text.encode()) > LARGEST_INPUTS:
            raise StepError("The inputs are larger than 1 MiB together; choose smaller parts.", "inputs_too_large")
        step.record_request({"inputs": inputs})
        returned = sandbox.run(step.config["program"], text, step.timeout, step.workspace_id)
        if returned.nothing:
            step.warn("nothing_returned", "The program returned nothing; `return` gives the result.")
        return Done(output={"result": returned.result, "console": returned.console}, port="success")


@lru_cache(maxsize=500)
def _problem(source: str) -> str:
    return sandbox.syntax_problem(source)
