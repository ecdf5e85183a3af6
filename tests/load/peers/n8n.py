"""n8n with the workloads, as it installs itself: SQLite, executions kept; their table says what ended."""

import contextlib
import itertools
import json
import sqlite3
import subprocess
import time
import urllib.request

from tests.load.client import action
from tests.load.peers.installing import node
from tests.load.peers.peer import Peer

VERSIONS = {"webhook": 2, "set": 3.4, "if": 2.2, "httpRequest": 4.2, "respondToWebhook": 1.1}
STEADY = 5.0  # seconds in which all of them have to answer
CALL = "$('in').item.json.body.interaction"
BODY = f"={{{{ JSON.stringify({{summary: {CALL}.summary, seconds: {CALL}.duration_seconds, topic: $json.topic}}) }}}}"


class N8n(Peer):
    name = "n8n"
    program = "n8n/bin/n8n"
    paths = {name: f"/webhook/{name}" for name in ("w1", "w2", "burst")}

    def prepare(self, echo):
        for workflow in workflows(echo):
            file = self.folder / f"{workflow['id']}.json"
            file.write_text(json.dumps(workflow))
            self._command("import:workflow", f"--input={file}")
            self._command("publish:workflow", f"--id={workflow['id']}")
        return ["start"]

    def environment(self):
        return {
            **super().environment(),
            "N8N_USER_FOLDER": str(self.folder), "N8N_PORT": str(self.port), "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_RUNNERS_BROKER_PORT": str(self.port + 1), "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false", "N8N_TEMPLATES_ENABLED": "false", "N8N_LOG_LEVEL": "error",
        }  # fmt: skip

    def done(self) -> int:
        with contextlib.closing(sqlite3.connect(self.folder / ".n8n" / "database.sqlite", timeout=30)) as database:
            ended = "SELECT count(*) FROM execution_entity WHERE workflowId = 'burst' AND status = 'success'"
            return database.execute(ended).fetchone()[0]

    def _answers(self) -> bool:
        """It publishes one workflow after another, answers before the last is there, and takes some back once more."""
        body, headers = json.dumps(action("ready")[1]).encode(), {"Content-Type": "application/json"}
        try:
            for path in [*self.paths.values()] * 5:
                time.sleep(STEADY / 15)
                asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
                urllib.request.urlopen(asked, timeout=30).close()
        except OSError:
            return False
        return True

    def _command(self, *arguments):
        subprocess.run(
            [node(), self.path, *arguments], cwd=self.folder, env=self.environment(), check=True, timeout=120,
            capture_output=True,
        )  # fmt: skip


def workflows(echo) -> list[dict]:
    """W1 with its answer at the end, the same answered at once for the burst, and W2."""
    answer = step("answer", "respondToWebhook", respondWith="json", responseBody="={{ JSON.stringify($json) }}")
    values = [step(f"v{n}", "set", **_values(**{f"name{n}": f"{n}: text"})) for n in range(10)]
    return [
        workflow("w1", entry("w1", "responseNode"), *w1(echo), answer),
        workflow("burst", entry("burst", "onReceived"), *w1(echo)),
        workflow("w2", entry("w2", "lastNode"), *values),
    ]


def w1(echo) -> list[dict]:
    condition = {
        "id": "c", "leftValue": f"={{{{ {CALL}.status }}}}", "rightValue": "no_answer",
        "operator": {"type": "string", "operation": "notEquals"},
    }  # fmt: skip
    options = {"caseSensitive": True, "leftValue": "", "typeValidation": "strict", "version": 2}
    topic = "=Call {{ $json.body.interaction.id }}"
    return [
        step("vars", "set", **_values(topic=topic, team="support", rank=f"{topic}!")),
        step("check", "if", conditions={"options": options, "conditions": [condition], "combinator": "and"}),
        step("post", "httpRequest", method="POST", url=echo, sendBody=True, specifyBody="json", jsonBody=BODY),
        step("mapped", "set", **_values(echoed="={{ $json.summary }}", echoed_seconds="={{ $json.seconds }}")),
    ]  # fmt: skip


def workflow(name, *nodes) -> dict:
    """A chain; of a condition the first exit goes on."""
    following = itertools.pairwise(nodes)
    lines = {one["name"]: {"main": [[{"node": after["name"], "type": "main", "index": 0}]]} for one, after in following}
    return {"id": name, "name": name, "active": False, "nodes": list(nodes), "connections": lines, "settings": {}}


def entry(path, mode):
    return {**step("in", "webhook", httpMethod="POST", path=path, responseMode=mode), "webhookId": path}


def step(name, kind, **parameters):
    return {
        "id": name, "name": name, "type": f"n8n-nodes-base.{kind}", "typeVersion": VERSIONS[kind],
        "position": [0, 0], "parameters": {**parameters, "options": {}},
    }  # fmt: skip


def _values(**values):
    listed = [{"id": name, "name": name, "value": value, "type": "string"} for name, value in values.items()]
    return {"assignments": {"assignments": listed}, "includeOtherFields": False}
