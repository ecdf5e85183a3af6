"""Static files as they are served: hashed names, compressed copies beside them, nothing that no page asks for.

Source maps and the parts of our dependencies' pages that we do not show are left out, and large files that people see
once (the interactive API page) get the quick compression: so `manage.py up` collects in about a second.
"""

import brotli
from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

LARGE = 100_000  # bytes; thorough compression of more takes seconds


class StaticFiles(StaticFilesConfig):
    """Stands in INSTALLED_APPS for Django's own configuration, so that every collectstatic leaves the same out."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework", "swagger-ui-es-bundle*"]


class QuickCompressor(Compressor):
    @staticmethod
    def compress_brotli(data):
        return brotli.compress(data, quality=5 if len(data) > LARGE else 9)


class CollectedFiles(CompressedManifestStaticFilesStorage):
    """STORAGES["staticfiles"] outside DEBUG."""

    # In style sheets url() and @import get hashed names; Django's other patterns are for the source maps we leave out.
    patterns = tuple(
        (files, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for files, rules in CompressedManifestStaticFilesStorage.patterns
        if files == "*.css"
    )

    def create_compressor(self, **options):
        return QuickCompressor(**options)
