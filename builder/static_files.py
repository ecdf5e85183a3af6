"""Static files as they are served: hashed names, compressed copies beside them, nothing that no page asks for.

Source maps and the parts of our dependencies' pages that we do not show are left out; only the hashed copies are
compressed, quickly (brotli 5 is a twentieth larger than 11 and ten times as fast): `up` collects in half a second.
"""

import gzip
import re

import brotli
from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

HASHED = re.compile(r"\.[0-9a-f]{12}\.")


class StaticFiles(StaticFilesConfig):
    """Stands in INSTALLED_APPS for Django's own configuration, so that every collectstatic leaves the same out."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework", "swagger-ui-es-bundle*"]


class QuickCompressor(Compressor):
    @staticmethod
    def compress_brotli(data):
        return brotli.compress(data, quality=5)

    @staticmethod
    def compress_gzip(data):
        return gzip.compress(data, compresslevel=6, mtime=0)


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

    def compress_files(self, paths):
        return super().compress_files(path for path in paths if HASHED.search(path))
