"""A step type whose first try never comes back, and a worker with less patience than a real one: by its own settings
(DJANGO_SETTINGS_MODULE=tests.crash.hanging.settings). For tests/crash/test_hung_step.py.
"""

from pathlib import Path

from django.apps import AppConfig


class Hanging(AppConfig):
    name = "tests.crash.hanging"
    path = str(Path(__file__).parent)

    def ready(self):
        import tests.crash.hanging.step  # noqa: F401  it registers itself
        from runtime import active, tasks

        active.LATEST_SECONDS = 0.5
        tasks.CLAIM_FOR_SECONDS = 2.0
