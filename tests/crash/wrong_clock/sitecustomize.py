"""On PYTHONPATH, Python imports this first: its process then lives CLOCK_AHEAD seconds ahead of everybody else."""

import os
import time
from datetime import timedelta

from django.utils import timezone

AHEAD = float(os.environ["CLOCK_AHEAD"])
_time, _now = time.time, timezone.now
time.time = lambda: _time() + AHEAD
timezone.now = lambda: _now() + timedelta(seconds=AHEAD)
