"""JavaScript that others wrote: whole, with version and licence, and complete for who imports it by bare names."""

import hashlib
import json
import re
import tomllib

from django.conf import settings
from django.template import Context, Template

VENDOR = settings.BASE_DIR / "static" / "vendor"
FILES = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]
BARE = re.compile(r"""^(?:import|export)\b[^;"'()]*?\bfrom\s*["']([^."'/][^"']*)["']""", re.MULTILINE)


def test_every_file_is_as_it_was_fetched_and_has_its_licence():
    for row in FILES:
        assert hashlib.sha256((VENDOR / row["copy"]).read_bytes()).hexdigest() == row["sha256"], row["copy"]
        assert row["licence"] == "MIT"
        assert "Permission is hereby granted" in (VENDOR / "licences" / row["copy"].replace(".js", ".txt")).read_text()
    listed = {row["copy"] for row in FILES} | {"VENDOR.toml", "licences"}
    assert {path.name for path in VENDOR.iterdir()} == listed


def test_the_checks_use_the_versions_that_are_served():
    checks = json.loads((settings.BASE_DIR / "tests/js/package.json").read_text())["devDependencies"]
    served = {row["package"]: row["version"] for row in FILES}
    assert not {name for name, version in served.items() if checks.get(name, version) != version}


def test_the_editor_page_explains_every_bare_name():
    printed = Template('{% load modules %}{% import_map "css/" "vendor/" %}').render(Context())
    named = json.loads(re.search(r">(.*)</script>", printed)[1])["imports"]
    sources = [VENDOR / row["copy"] for row in FILES] + sorted((settings.BASE_DIR / "static" / "editor").rglob("*.js"))
    assert {name for path in sources for name in BARE.findall(path.read_text())} <= set(named)
