"""Crashes go where SENTRY_DSN says, and carry nothing of what was being worked on."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import pytest
from django.conf import settings

CRASHES = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "builder.settings"
import django
django.setup()
from django.test import Client, override_settings
from django.urls import path

def view(request, token):
    secret = "sk_live_" + request.body.decode()
    raise RuntimeError("the page fell over")

urlpatterns = [path("crash/<str:token>/", view)]
client = Client(raise_request_exception=False, headers={"authorization": "Bearer canary-header"})
with override_settings(ROOT_URLCONF="__main__", MIDDLEWARE=[]):
    answer = client.post("/crash/canary-token/", "canary-body", content_type="text/plain")
assert answer.status_code == 500
import sentry_sdk
sentry_sdk.flush(10)
"""


@pytest.fixture
def reports():
    """(DSN of a server on loopback, what it was sent)."""
    sent = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(self.headers.get("Content-Encoding"), bytes)
            sent.append(unpack(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", sent
    server.shutdown()
    server.server_close()


def crash(dsn):
    environment = {**os.environ, "SENTRY_DSN": dsn}
    run = [sys.executable, "-c", CRASHES]
    return subprocess.run(run, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60)


def test_a_crash_is_reported_without_what_was_being_worked_on(reports):
    dsn, sent = reports
    done = crash(dsn)
    assert done.returncode == 0, done.stderr
    told = b"".join(sent)
    assert b"the page fell over" in told
    assert b"canary" not in told


def test_without_an_address_nothing_is_sent(reports):
    _, sent = reports
    done = crash("")
    assert done.returncode == 0, done.stderr
    assert not sent
