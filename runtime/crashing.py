"""Named points at which a test may kill the process, to prove that nothing is lost there.

They exist only where the environment asked for them (SEGUE_CRASH_POINTS, set by tests/crash); elsewhere the function
returns at once. CRASH_AT names a point, CRASH_ODDS a probability per pass (1 by default), CRASH_SEED makes it repeat.
"""

import os
import random
import signal

from django.conf import settings

POINTS = ("after_claim", "before_effect", "after_effect", "before_record", "after_record", "after_accept")
_random = random.Random(os.environ.get("CRASH_SEED", "") + str(os.getpid()))


def crash_point(name: str) -> None:
    if not settings.CRASH_POINTS:
        return
    wanted = os.environ.get("CRASH_AT", "")
    if wanted in (name, "any") and _random.random() < float(os.environ.get("CRASH_ODDS", "1")):
        os.kill(os.getpid(), signal.SIGKILL)
