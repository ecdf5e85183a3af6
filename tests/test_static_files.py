"""What the browser gets of our modules and sheets: the same program, small, without comments."""

import json
import shutil
import subprocess

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from builder.static_files import OURS, PART, SMALL, CollectedFiles, without_comments

STATIC = settings.BASE_DIR / "static"
# Both sources as trees without places, by the parser that is inside node.
COMPARE = """
const { parse } = require('internal/deps/acorn/acorn/dist/acorn');
const tree = (source) => JSON.stringify(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }),
  (name, value) => (name === 'start' || name === 'end' ? undefined : value));
const pairs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(pairs.filter(([, a, b]) => tree(a) !== tree(b)).map(([name]) => name)));
"""


def ours(kind):
    return sorted(path for folder in ("editor", "pages", "css") for path in (STATIC / folder).rglob(kind))


def test_modules_mean_the_same_without_their_comments():
    if not shutil.which("node"):
        pytest.skip("node is missing")
    pairs = [(path.name, path.read_text(), without_comments(path.read_text())) for path in ours("*.js")]
    answer = subprocess.run(
        ["node", "--expose-internals", "--no-warnings", "-e", COMPARE],
        input=json.dumps(pairs), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(answer.stdout) == []


def whole(path):
    """A file's text; of a sheet with its parts."""
    return PART.sub(lambda part: whole(path.parent / part["path"]), path.read_text())


def test_what_is_collected_is_served_whole_under_its_hashed_name(tmp_path):
    storage = CollectedFiles(location=tmp_path, base_url="/static/")
    found = {
        name: (folder, name)
        for name, folder in FileSystemFinder().list([])
        if name.startswith(OURS) and name.endswith((".js", ".css"))
    }
    for name, (folder, path) in found.items():
        with folder.open(path) as file:
            storage.save(name, file)
    list(storage.post_process(found))
    for name in found.keys() - {name for name in found if name.count("/") > 1 and name.startswith("css/")}:
        assert (tmp_path / storage.stored_name(name)).read_text() == without_comments(whole(STATIC / name))
    assert (tmp_path / f"{storage.stored_name('editor/main.js')}.br").exists()


def test_a_sheet_is_served_with_its_parts_in_their_places_and_is_another_when_a_part_is(tmp_path):
    source = FileSystemStorage(tmp_path / "source")
    for name, text in {
        "css/page.css": '/* Page */\n@import "page/one.css";\n@import "page/two.css";\n.own { top: 0 }\n',
        "css/page/one.css": ".one { top: 1 }\n",
        "css/page/two.css": "/* Second */\n.two { top: 2 }\n",
    }.items():
        source.save(name, ContentFile(text.encode()))

    def collected(folder):
        storage = CollectedFiles(location=tmp_path / folder, base_url="/static/")
        names = ("css/page.css", "css/page/one.css", "css/page/two.css")
        list(storage.post_process({name: (source, name) for name in names}))
        assert set(storage.hashed_files) == {"css/page.css"}, "nobody asks for a part"
        return storage.stored_name("css/page.css"), storage

    first, storage = collected("first")
    with storage.open(first) as file:
        assert file.read().decode() == "\n.one { top: 1 }\n\n.two { top: 2 }\n.own { top: 0 }\n"
    (tmp_path / "source" / "css/page/two.css").write_text(".two { top: 3 }\n")
    assert collected("second")[0] != first


def test_no_sheet_imports_what_is_not_there():
    for path in ours("*.css"):
        for part in PART.finditer(path.read_text()):
            assert (path.parent / part["path"]).exists(), f"{path.name}: {part['path']}"
        assert "@import" not in PART.sub("", path.read_text()), "a part that stays an import is a second request"


def test_lines_keep_their_numbers():
    source = '/** What for.\n * @param {x} y\n */\nconst a = /** @type {any} */ (b); // why\n// alone\nc("/* no */");\n'
    assert without_comments(source) == '\n\n\nconst a = (b); // why\n\nc("/* no */");\n'
    assert without_comments("/* Top */\n.a {\n  /* in */\n  color: red;\n}\n") == "\n.a {\n\n  color: red;\n}\n"
    for path in [*ours("*.js"), *ours("*.css")]:
        text = path.read_text()
        assert without_comments(text).count("\n") == text.count("\n")


def test_our_files_are_small_enough_for_the_best_compression():
    assert [path.name for path in [*ours("*.js"), *ours("*.css")] if path.stat().st_size >= SMALL] == []
