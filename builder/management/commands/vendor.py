"""`manage.py vendor`: the JavaScript that others wrote (static/vendor/), compared with what npm has under that version.

VENDOR.toml names each file: the bare name modules import it by, its package, version, licence and path inside the
package, and the SHA-256 of our copy. Files are whole and as published, but for the line that points at a source map.
"""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

FOLDER = settings.BASE_DIR / "static" / "vendor"
SOURCE_MAP = re.compile(rb"\n//# sourceMappingURL=[^\n]*")


class Command(BaseCommand):
    help = "Compare static/vendor with npm's packages (needs npm), or fetch them anew after editing VENDOR.toml."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--fetch", action="store_true", help="write the files and their checksums instead")

    def handle(self, *, fetch, **options):
        rows = tomllib.loads((FOLDER / "VENDOR.toml").read_text())["file"]
        differing = []
        for row in rows:
            source, licence, kind = packed(row)
            copy, notice = FOLDER / row["copy"], FOLDER / "licences" / f"{Path(row['copy']).stem}.txt"
            if fetch:
                notice.parent.mkdir(exist_ok=True)
                copy.write_bytes(source)
                notice.write_bytes(licence)
                row.update(sha256=hashlib.sha256(source).hexdigest(), licence=kind)
            elif copy.read_bytes() != source or notice.read_bytes() != licence or row["licence"] != kind:
                differing.append(row["copy"])
        if fetch:
            (FOLDER / "VENDOR.toml").write_text(as_toml(rows))
        if differing:
            raise CommandError(f"Not as published: {', '.join(differing)}")
        self.stdout.write(f"{len(rows)} files {'fetched' if fetch else 'as published'}")


def packed(row) -> tuple[bytes, bytes, str]:
    """(the file, the licence's text, the licence's name) as npm has them."""
    with tempfile.TemporaryDirectory(prefix="segue-vendor-") as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{row['package']}@{row['version']}"]
        if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL).returncode:
            raise CommandError(f"npm does not give {row['package']} {row['version']}; its message is above.")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            names = {name.split("/", 1)[1]: name for name in archive.getnames() if "/" in name}
            read = lambda name: archive.extractfile(names[name]).read()  # noqa: E731
            licence = next(name for name in sorted(names) if name.upper().startswith("LICEN"))
            about = json.loads(read("package.json"))
            return SOURCE_MAP.sub(b"", read(row["file"])), read(licence), about["license"]


def as_toml(rows) -> str:
    head = "# What `manage.py vendor` compares with npm; edit a version and run it with --fetch.\n"
    return head + "".join(
        "\n[[file]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in row.items()) for row in rows
    )
