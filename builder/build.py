"""Which build this process runs, so that a page from before a deploy can say so and offer to load again."""

import hashlib
from functools import cache

from django.conf import settings

PARTS = (("builder", "*.py"), ("runtime", "*.py"), ("integrations", "*.py"), ("static/editor", "*.js"))


@cache
def build_id() -> str:
    """A name made of the code itself: the same on every host that runs it, another after a deploy."""
    digest = hashlib.sha256()
    for folder, pattern in PARTS:
        for path in sorted((settings.BASE_DIR / folder).rglob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
