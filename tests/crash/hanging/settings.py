"""The program's own settings, with a queue that kills a task after 6 s instead of 120."""

from builder.settings import *  # noqa: F403
from builder.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS = [*INSTALLED_APPS, "tests.crash.hanging.Hanging"]
Q_CLUSTER = {**Q_CLUSTER, "timeout": 6, "retry": 60}
SILENCED_SYSTEM_CHECKS = ["builder.E006"]  # which says that this is too short for a step of 60 s
