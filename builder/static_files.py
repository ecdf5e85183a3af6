"""Static files as they are served: hashed names, compressed copies beside them, nothing that no page asks for.

Source maps and the parts of our dependencies' pages that we do not show are left out; only the hashed copies are
compressed: small ones as well as can be, large ones quickly (brotli 5 is a tenth larger than 11 and ten times as
fast). Our modules and sheets travel without their comments, which are a quarter of them; lines keep their numbers. A
sheet `css/<name>.css` is served with the parts it imports, `css/<name>/*.css`, in their places: one request for all.

The editor's modules share one name that changes with any of them, `editor-<release>/`: they import each other by
relative paths, so a page needs no list of a hundred hashed names, and one that is open while a new release is put up
goes on with the modules it began with.
"""

import gzip
import hashlib
import posixpath
import re

import brotli
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.files.base import ContentFile
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

HASHED = re.compile(r"[.-][0-9a-f]{12}[./]")
RELEASED = "editor/"
# Bytes; ours are smaller. Above it the best compression would take as long as all the rest together.
SMALL = 64_000
OURS = ("editor/", "editor-", "pages/", "css/")
# Comments that have lines to themselves, and those of types anywhere: `/** @type {State} */ (value)`.
INSIDE = r"(?:(?!\*/)[\s\S])*"
COMMENT = re.compile(rf"^[ \t]*/\*{INSIDE}\*/[ \t]*$|/\*\* @{INSIDE}\*/ ?|^[ \t]*//[^\n]*$", re.MULTILINE)

SHEETS = "css/"
PART = re.compile(r'^@import "(?P<path>[\w/-]+\.css)";\n', re.MULTILINE)


def without_comments(source: str) -> str:
    """A module or sheet of ours as it is served: what stays is on the line where it was."""
    return COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), source)


def with_parts(path, read) -> str:
    """The sheet at `path` with the parts it imports in their places; `read(path)` gives a file's text."""
    folder = posixpath.dirname(path)
    return PART.sub(lambda part: with_parts(posixpath.join(folder, part["path"]), read), read(path))


class StaticFiles(StaticFilesConfig):
    """Stands in INSTALLED_APPS for Django's own configuration, so that every collectstatic leaves the same out."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework", "swagger-ui-es-bundle*"]


class QuickCompressor(Compressor):
    @staticmethod
    def compress_brotli(data):
        return brotli.compress(data, quality=11 if len(data) < SMALL else 5)

    @staticmethod
    def compress_gzip(data):
        return gzip.compress(data, compresslevel=6, mtime=0)


class WholeSheets:
    """Where files come from; a sheet of there is read with its parts in their places."""

    def __init__(self, files):
        self.files = files

    def open(self, path):
        return ContentFile(with_parts(path, self._read).encode())

    def _read(self, path):
        with self.files.open(path) as file:
            return file.read().decode()


class CollectedFiles(CompressedManifestStaticFilesStorage):
    """STORAGES["staticfiles"] outside DEBUG."""

    # In style sheets url() and @import get hashed names; Django's other patterns are for the source maps we leave out.
    patterns = tuple(
        (files, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for files, rules in CompressedManifestStaticFilesStorage.patterns
        if files == "*.css"
    )

    def post_process(self, paths, *args, **kwargs):
        self.release = self._release(paths)
        whole = {
            name: (WholeSheets(files), path) if name.startswith(SHEETS) else (files, path)
            for name, (files, path) in paths.items()
            if not _is_part(name)
        }
        yield from super().post_process(whole, *args, **kwargs)

    def _release(self, paths):
        digest = hashlib.sha256()
        for path in sorted(path for path in paths if path.startswith(RELEASED)):
            with self.open(path) as file:
                digest.update(file.read())
        return digest.hexdigest()[:12]

    def hashed_name(self, name, content=None, filename=None):
        if name.startswith(RELEASED):
            return f"{RELEASED[:-1]}-{self.release}/{name.removeprefix(RELEASED)}"
        return super().hashed_name(name, content, filename)

    def _save(self, name, content):
        if name.startswith(OURS) and name.endswith((".js", ".css")):
            source = b"".join(content.chunks()).decode()  # from its start, also when it was read before
            content = ContentFile(without_comments(source).encode())
        return super()._save(name, content)

    def create_compressor(self, **options):
        return QuickCompressor(**options)

    def compress_files(self, paths):
        return super().compress_files(path for path in paths if HASHED.search(path))


def _is_part(name: str) -> bool:
    """Of a sheet; nobody asks for it by its name."""
    return name.startswith(SHEETS) and "/" in name.removeprefix(SHEETS)
