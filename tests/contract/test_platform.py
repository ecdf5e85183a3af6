"""OpenAPI, docs, health, websocket hints, and the commands (CONTRACT, last sections)."""

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from runtime.models import ApiKey, Membership
from tests.contract.conftest import Program
from tests.flows import call_ended, chain, end

CALLS = """
POST /api/v1/events/
POST /in/{vendor}/{token}/
POST /hooks/{token}/
POST /api/v1/actions/{name}/
GET /api/v1/actions/
GET POST /api/v1/flows/
GET PATCH DELETE /api/v1/flows/{flow_id}/
POST /api/v1/flows/{flow_id}/draft/ops/
GET PUT /api/v1/flows/{flow_id}/draft/
POST /api/v1/flows/{flow_id}/validate/
POST /api/v1/flows/{flow_id}/publish/
POST /api/v1/flows/{flow_id}/undo-changes/
POST /api/v1/flows/{flow_id}/unpublish/
GET /api/v1/flows/{flow_id}/versions/
GET /api/v1/flows/{flow_id}/versions/{number}/
POST /api/v1/flows/{flow_id}/versions/{number}/restore/
GET /api/v1/flows/{flow_id}/versions/{number}/diff/
POST /api/v1/flows/{flow_id}/try/
POST /api/v1/flows/{flow_id}/try-node/
POST /api/v1/flows/{flow_id}/duplicate/
GET /api/v1/flows/{flow_id}/export/
POST /api/v1/flows/import/
GET /api/v1/node-types/
GET /api/v1/flows/{flow_id}/variables/
GET /api/v1/flows/{flow_id}/draft/snapshots/
GET /api/v1/runs/
GET /api/v1/runs/{run_id}/
GET /api/v1/runs/{run_id}/steps/
GET /api/v1/runs/{run_id}/document/
POST /api/v1/runs/{run_id}/cancel/
POST /api/v1/runs/{run_id}/retry/
GET /api/v1/calls/
GET POST /api/v1/agents/
GET PATCH DELETE /api/v1/agents/{agent_id}/
GET POST /api/v1/connections/
GET PATCH DELETE /api/v1/connections/{connection_id}/
POST /api/v1/connections/{connection_id}/test/
GET /api/v1/workspace/
"""


def test_every_call_of_the_contract_is_in_the_openapi_document(nobody):
    answer = nobody.get("//api/schema/")
    assert answer.status_code == 200
    document = yaml.safe_load(answer.content)
    assert document["openapi"].startswith("3.")
    for line in CALLS.split("\n"):
        *methods, path = line.split() or [""]
        for method in methods:
            assert method.lower() in document["paths"].get(path, {}), line


def test_the_interactive_docs_are_for_people_who_are_signed_in(nobody, as_role):
    assert nobody.get("//api/docs/").status_code == 302
    assert as_role("viewer").get("//api/docs/").status_code == 200


def test_health(nobody):
    assert nobody.get("//healthz").status_code == 200
    answer = nobody.get("//readyz")
    assert answer.status_code in (200, 503)
    assert set(answer.value) >= {"database", "worker", "queued", "due_seconds"}


def test_api_answers_are_not_kept_by_caches_of_others(program):
    answer = program.get("/flows/")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "public" not in answer.headers.get("Cache-Control", "")


# --- WS /ws/flows/<id>/


def test_hints_come_over_the_socket_and_facts_over_http(live, as_role, publish, ended):
    import websockets

    flow = publish(chain(call_ended(), end()))
    browser = as_role("editor")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.session.cookies.items())
    address = live.replace("http", "ws", 1) + f"/ws/flows/{flow['id']}/"
    seen = []

    async def listen():
        async with websockets.connect(address, origin=live, additional_headers={"Cookie": cookie}) as socket:
            await socket.send(json.dumps({"kind": "here", "node": "start"}))
            await until(socket, "presence")
            await asyncio.to_thread(rename)
            await until(socket, "draft", revision=2)
            await asyncio.to_thread(start)
            await until(socket, "run")

    async def until(socket, kind, **members):
        while True:
            hint = json.loads(await asyncio.wait_for(socket.recv(), 10))
            seen.append(hint)
            if {"kind": kind, **members}.items() <= hint.items():
                return

    def rename():
        ops = [{"path": "/nodes/end/label", "before": "end", "after": "Done"}]
        body = {"base": 1, "client": "c", "seq": 1, "ops": ops}
        assert browser.post(f"/flows/{flow['id']}/draft/ops/", body).status_code == 200

    def start():
        browser.post(f"/flows/{flow['id']}/try/", {})

    asyncio.run(listen())
    assert {"presence", "draft", "run"} <= {hint["kind"] for hint in seen}


@pytest.mark.parametrize(("origin", "signed_in"), [(None, True), ("https://elsewhere.example", True), ("live", False)])
def test_the_socket_is_closed_to_strangers(live, as_role, publish, origin, signed_in):
    import websockets

    flow = publish(chain(call_ended(), end()))
    cookies = as_role("editor").session.cookies.items() if signed_in else []
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies)} if signed_in else {}
    address = live.replace("http", "ws", 1) + f"/ws/flows/{flow['id']}/"

    async def listen():
        here = live if origin == "live" else origin
        async with websockets.connect(address, origin=here, additional_headers=headers) as socket:
            await asyncio.wait_for(socket.recv(), 5)

    with pytest.raises((websockets.ConnectionClosed, websockets.InvalidStatus)):
        asyncio.run(listen())


# --- Commands


def run(*args):
    out = io.StringIO()
    with redirect_stdout(out):
        call_command(*args, stdout=out)
    return out.getvalue()


def test_createapikey_prints_the_key_and_nothing_else(live, workspace):
    printed = run("createapikey", "--name", "CI", "--scopes", "all")
    assert re.fullmatch(r"\S+\n", printed)
    assert Program(live, printed.strip()).get("/flows/").status_code == 200
    narrow = run("createapikey", "--name", "CI", "--scopes", "flows:read,runs:read").strip()
    assert ApiKey.objects.get(name="CI", scopes=["flows:read", "runs:read"]).pk
    assert Program(live, narrow).post("/events/", {"type": "a.b"}).status_code == 403
    with pytest.raises(CommandError):
        run("createapikey", "--name", "CI", "--scopes", "everything")


def test_createmember_reads_the_password_from_stdin(workspace, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long and quiet phrase\n"))
    run("createmember", "--email", "jane@acme.com", "--role", "publisher", "--password-stdin")
    member = Membership.objects.get(user__email="jane@acme.com")
    assert (member.role, member.workspace) == ("publisher", workspace)
    assert member.user.check_password("a long and quiet phrase")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError):
        run("createmember", "--email", "joe@acme.com", "--role", "viewer", "--password-stdin")


def test_flows_go_to_files_and_back(program, tmp_path):
    body = {"name": "Follow up", "kind": "post_call", "document": chain(call_ended(), end())}
    flow = program.post("/flows/", body).value
    run("flows", "export", "--to", str(tmp_path))
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["flows"][0]["name"] == "Follow up"
    assert len(file.read_text().splitlines()) > 20  # one thing a line: it diffs well
    run("flows", "import", str(file))
    assert [each["name"] for each in program.get("/flows/").value["results"]] == ["Follow up", "Follow up"]
    program.delete(f"/flows/{flow['id']}/")
    assert "could be published" in run("flows", "validate")
    assert "version 1" in run("flows", "publish", "--note", "from CI")
    assert program.get("/flows/").value["results"][0]["published"]["note"] == "from CI"
    assert run("flows", "diff", "Follow up") == ""


def test_what_ci_must_not_let_through_ends_with_a_status(program, tmp_path):
    flow = program.post("/flows/", {"name": "Broken", "kind": "post_call", "document": chain(call_ended())}).value
    for command in (("flows", "validate"), ("flows", "publish", "Broken"), ("flows", "validate", "Nobody"),
                    ("flows", "diff", "Broken"), ("flows", "import", str(tmp_path / "nothing.json"))):  # fmt: skip
        with pytest.raises(CommandError):
            run(*command)
    assert program.get(f"/flows/{flow['id']}/").value["published"] is None


def test_check_deploy_is_clean_in_production_settings(tmp_path):
    environment = {
        "PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEY": "v3ry-l0ng-" * 8 + "and-mixed-Characters!",
        "SECRET_KEKS": "a:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", "ALLOWED_HOSTS": "flows.example.com",
        "PUBLIC_URL": "https://flows.example.com", "DATABASE_URL": f"sqlite:///{tmp_path}/segue.sqlite3",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_every_variable_of_the_environment_is_explained():
    text = (settings.BASE_DIR / ".env.example").read_text()
    names = {
        "DEBUG", "SECRET_KEY", "SECRET_KEKS", "ALLOWED_HOSTS", "PUBLIC_URL", "DATA_DIR", "DATABASE_URL", "REDIS_URL",
        "WORKERS", "EGRESS_ALLOW", "EGRESS_PROXY", "EMAIL_URL", "SENTRY_DSN", "LOG_FORMAT",
    }  # fmt: skip
    assert names <= set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
