"""Named points at which a test may kill the process, to prove that nothing is lost there.

They exist only where the environment asked for them (SEGUE_CRASH_POINTS, set by tests/crash); elsewhere the function
returns at once. CRASH_AT names points (or `any`), CRASH_ODDS a probability per pass (1 by default), CRASH_SEED makes
it repeat; CRASH_LOG is a file that gets the name of each point at which a process died.
"""

import os
import random
import signal
from functools import lru_cache

from django.conf import settings

POINTS = ("after_claim", "before_effect", "after_effect", "before_record", "after_record", "after_accept")


def crash_point(name: str) -> None:
    if not settings.CRASH_POINTS:
        return
    wanted = os.environ.get("CRASH_AT", "").split(",")
    if not ({name, "any"} & set(wanted)) or _chance(os.getpid()).random() >= float(os.environ.get("CRASH_ODDS", "1")):
        return
    if log := os.environ.get("CRASH_LOG"):
        with open(log, "a") as file:
            file.write(name + "\n")
    os.kill(os.getpid(), signal.SIGKILL)


@lru_cache(maxsize=1)
def _chance(pid: int) -> random.Random:
    """Of this process: forked ones must not all die at the same pass."""
    return random.Random(f"{os.environ.get('CRASH_SEED', '')} {pid}")
