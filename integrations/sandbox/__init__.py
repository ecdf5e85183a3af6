"""JavaScript of the `code` node, run where it can do no harm (SAFETY section 2).

Every worker and web process that runs programs has its own few zygotes (`zygote.py`): bare Python processes, started
when first needed, that fork one confined child per program and end with whoever started them. `confinement.py` is
what a child gives up, `prelude.js` what surrounds the program inside the engine, `pool.py` this side of the socket,
`turns.py` who comes next, `words.py` what an author is told.
"""

from collections.abc import Hashable
from typing import Any

from integrations.sandbox import words
from integrations.sandbox.pool import COMPILE, RUN, WALL_SECONDS, Answer, NotConfined, own_pool
from integrations.sandbox.words import Returned
from runtime.engine.errors import StepError

COMPILE_SECONDS = 0.5
LEAST_SECONDS = 0.05


def run(source: str, inputs: str, seconds: float, workspace: Hashable) -> Returned:
    """Run the inside of a function on `inputs` (JSON text) and return what it returned, within `seconds` in all.

    Raises StepError in words for its author; `detail` is {"line": 1..., "console": [lines]} where a program ran.
    """
    wall = max(LEAST_SECONDS, min(WALL_SECONDS, seconds))
    return words.read(_ask(RUN, source, inputs, wall, workspace, max(0.0, seconds - wall)), source, wall)


def syntax_problem(source: str) -> str:
    """What keeps a program from being read; empty when nothing does. Raises StepError like `run`."""
    return words.syntax_problem(_ask(COMPILE, source, "", COMPILE_SECONDS, None, COMPILE_SECONDS), source)


def _ask(*request: Any) -> Answer:
    try:
        return own_pool().ask(*request)
    except NotConfined as reason:
        text = (
            f"JavaScript cannot be run safely on this machine: {reason}. Use a Linux host with seccomp "
            "(x86_64 or aarch64); JS_ALLOW_WEAK_SANDBOX=1 runs it all the same."
        )
        raise StepError(text, "no_sandbox") from None
