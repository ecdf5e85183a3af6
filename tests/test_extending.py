"""A third party's package adds a node type through its entry point; nothing of ours is edited."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import Answer, Peer

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "tests" / "example_package"
# Runs in a process of its own, as web and worker do: the package must be there when Segue starts.
PROGRAM = """
import json, sys
import django
django.setup()
from datetime import UTC, datetime
from integrations.connection_types import TYPES
from integrations.connections import Credentials
from runtime.active import ActiveRun
from runtime.engine import registry
from runtime.engine.graph import Graph
from runtime.engine.interpreter import begin
from runtime.stepping import perform
from tests.flows import call_ended, chain, end, node

kind = registry.find("page_somebody")
url = sys.argv[1]
page = node("page", "page_somebody", {**kind.example["config"], "connection": "c1"})
graph = Graph.from_document(chain(call_ended(), page, end(), ports={"page": "success"}))
pager = Credentials("Pager", TYPES["pager"], ("127.0.0.1",), {"token": "t0ken-secret", "base_url": url})
run = ActiveRun(
    id="run-1", workspace_id="w1", flow_id="f1", version_id=None, kind="post_call", mode="live", graph=graph,
    state=begin(graph, {}, datetime.now(UTC))._replace(node="page"), fence=1, seq=0,
    event={"interaction": {"id": "c-7"}}, connections={"c1": pager},
)
print(json.dumps({"output": perform(run).output, "help": kind.help, "fields": list(kind.fields),
                  "port": kind.describe()["ports"][0]["id"], "references": run.references}))
"""


@pytest.fixture
def installed(tmp_path):
    """A folder with the package as an installer lays it out: its module, and the metadata with the entry point."""
    shutil.copytree(PACKAGE / "segue_pager", tmp_path / "segue_pager")
    about = tmp_path / "segue_pager-1.0.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: segue-pager\nVersion: 1.0.0\n")
    (about / "entry_points.txt").write_text("[segue.nodes]\npager = segue_pager\n")
    return tmp_path


def test_an_installed_package_brings_its_node_type_and_its_connection(installed):
    with Peer({"/pages": Answer(201, {"id": "p_9"})}) as peer:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "builder.settings", "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}",
            "EGRESS_ALLOW": peer.allow,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, peer.url], cwd=ROOT, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["output"] == {"page_id": "p_9"}
    assert told["references"] == [["Page", "p_9"]]
    assert (told["fields"], told["port"]) == (["connection", "message", "urgency"], "success")
    assert told["help"].startswith("Pages whoever is on duty")
    (asked,) = peer.requests
    assert asked.json == {"message": "Call c-7 needs somebody", "urgency": "high"}
    assert asked.headers["authorization"] == "Bearer t0ken-secret"
    assert asked.headers["idempotency-key"] == "run-1:0"


def test_the_example_says_what_segue_reads():
    text = (PACKAGE / "pyproject.toml").read_text()
    assert '[project.entry-points."segue.nodes"]' in text
    assert 'pager = "segue_pager"' in text
