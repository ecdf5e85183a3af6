"""What a browser gets from /static/: compressed, for ever where the name says so, from memory, and nothing else."""

import asyncio
import gzip
import urllib.request

import pytest

from builder.static_door import SMALL, StaticDoor

SHEET = b"body { color: red }\n" * 40


@pytest.fixture
def folder(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    (tmp_path / "a.0123456789ab.css").write_bytes(SHEET)
    (tmp_path / "a.0123456789ab.css.gz").write_bytes(gzip.compress(SHEET))
    (tmp_path / "a.css").write_bytes(SHEET)
    (tmp_path / "font.bin").write_bytes(b"x" * (SMALL + 1))
    return tmp_path


async def elsewhere(scope, receive, send):
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def ask(folder):
    """ask(path, method, name=value of a header...) -> (status, headers, body)."""
    door = StaticDoor(elsewhere)

    def ask(path, method="GET", **headers):
        asked = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(door({"type": "http", "path": path, "method": method, "headers": asked}, None, send))
        start, body = sent
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]

    return ask


def test_a_hashed_file_is_kept_for_ever_and_needs_no_tag(ask):
    status, headers, body = ask("/static/a.0123456789ab.css")
    assert (status, body) == (200, SHEET)
    assert headers["cache-control"] == "max-age=31536000,immutable"
    assert headers["content-type"] == 'text/css; charset="utf-8"'
    assert headers["x-content-type-options"] == "nosniff"
    assert not {"etag", "last-modified"} & headers.keys()


def test_who_takes_it_compressed_gets_it_so_and_others_plain(ask):
    for _ in range(2):
        _, headers, body = ask("/static/a.0123456789ab.css", accept_encoding="gzip, br")
        assert (headers["content-encoding"], headers["vary"], gzip.decompress(body)) == (
            "gzip",
            "Accept-Encoding",
            SHEET,
        )
        _, headers, body = ask("/static/a.0123456789ab.css")
        assert ("content-encoding" in headers, body) == (False, SHEET)


def test_a_plain_name_can_be_asked_about_again(ask):
    status, headers, _ = ask("/static/a.css")
    assert (status, headers["cache-control"]) == (200, "max-age=60, public")
    status, _, body = ask("/static/a.css", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")


def test_a_part_of_a_file_and_its_head_alone(ask):
    status, headers, body = ask("/static/a.css", range="bytes=0-3")
    assert (status, headers["content-range"], body) == (206, f"bytes 0-3/{len(SHEET)}", SHEET[:4])
    status, headers, body = ask("/static/a.css", method="HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(SHEET)), b"")
    assert ask("/static/a.css", method="POST")[0] == 405


def test_small_files_are_read_once_and_large_ones_are_not_kept(ask, folder):
    for name in ("a.css", "font.bin"):
        ask(f"/static/{name}")
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"x", b"y").replace(b"red", b"tan"))
    assert ask("/static/a.css")[2] == SHEET
    assert ask("/static/font.bin")[2] == b"y" * (SMALL + 1)


@pytest.mark.parametrize("path", ["/static/none.css", "/static/../settings.py", "/static/", "/flows/"])
def test_all_else_is_for_the_application(ask, path):
    assert ask(path)[0] == 418


def test_the_whole_application_serves_a_module_without_a_session(live):
    with urllib.request.urlopen(f"{live}/static/editor/main.js", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Set-Cookie"] is None
        assert b"createCanvas" in answer.read()


def test_while_it_is_worked_on_a_sheet_comes_with_its_parts_too(live):
    with urllib.request.urlopen(f"{live}/static/css/canvas.css", timeout=10) as answer:
        sheet = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/css")
        assert answer.headers["Cache-Control"] == "no-store", "a part may change where the sheet does not"
    assert "@import" not in sheet
    assert ".node-chip {" in sheet
