"""Connections: saving one, finding where it is used, testing it, deleting it. Secrets go in and never come out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from builder.auditing import record
from builder.models import Draft
from integrations.connections import credentials_of, problems_of
from integrations.http import fetch
from integrations.models import Connection
from runtime.engine import registry
from runtime.engine.errors import StepError
from runtime.models import Flow, Workspace

TEST_SECONDS = 10


class InUse(Exception):
    """Nodes of these flows would be left without their credentials."""

    def __init__(self, uses: list["Use"]):
        names = ", ".join(sorted({f"{use.flow.name} ({use.label})" for use in uses})[:6])
        super().__init__(f"It is used by {names}. Choose another connection there first.")
        self.uses = uses


class MayNotWiden(Exception):
    """Secrets that are kept would go to hosts they did not go to before."""

    def __str__(self):
        return "Sending kept secrets to further hosts needs the role publisher, or the secrets again."


@dataclass(frozen=True)
class Use:
    """A node that uses a connection; `published` when it does so in what is live."""

    flow: Flow
    node: str
    label: str
    published: bool


@dataclass(frozen=True)
class Outcome:
    good: bool
    words: str


def save(
    connection: Connection, by: Any, *, name: str | None = None, config: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | None] | None = None, allowed_hosts: list[str] | None = None, may_widen: bool = False,
) -> dict[str, str]:  # fmt: skip
    """Change what is given and keep the rest. {field: what is wrong}; empty = it is saved.

    Kept secrets go to further hosts only if `may_widen`: else whoever edits could have them sent to themselves.
    Raises MayNotWiden.
    """
    new = connection._state.adding
    before = set(connection.allowed_hosts)
    kept = set(connection.sealed) - set(secrets or ())
    connection.name = connection.name if name is None else name.strip()
    connection.config = dict(connection.config if config is None else config)
    connection.allowed_hosts = connection.allowed_hosts if allowed_hosts is None else allowed_hosts
    connection.set_secrets(secrets or {})
    problems = dict(problems_of(connection))
    taken = (
        Connection.objects.for_workspace(connection.workspace).filter(name=connection.name).exclude(pk=connection.pk)
    )
    further = set(connection.allowed_hosts) - before if not problems else ()  # some follow from the values
    if further and kept and not new and not may_widen:
        raise MayNotWiden
    if not connection.name:
        problems["name"] = "Give it a name."
    elif taken.exists():
        problems["name"] = "Another connection has this name."
    if problems:
        return problems
    try:
        with transaction.atomic():
            connection.save()
            record(
                connection.workspace, by, "connection.created" if new else "connection.changed", connection,
                type=connection.type, allowed_hosts=connection.allowed_hosts, secrets_replaced=sorted(secrets or {}),
            )  # fmt: skip
    except IntegrityError:
        return {"name": "Another connection has this name."}
    return {}


def uses(workspace: Workspace) -> dict[str, list[Use]]:
    """{connection id: the nodes that use it}, in drafts and in what is live."""
    found: dict[str, list[Use]] = {}
    drafts = Draft.objects.for_workspace(workspace).filter(flow__deleted_at=None).select_related("flow__published")
    for draft in drafts:
        live = draft.flow.published.document if draft.flow.published else {}
        in_live = {(node["id"], connection) for node in live.get("nodes", []) for connection in _connections_of(node)}
        in_draft = {
            (node["id"], connection) for node in draft.document["nodes"] for connection in _connections_of(node)
        }
        labels = {node["id"]: node["label"] for node in [*live.get("nodes", []), *draft.document["nodes"]]}
        for node, connection in sorted(in_live | in_draft):
            use = Use(draft.flow, node, labels[node], (node, connection) in in_live)
            found.setdefault(connection, []).append(use)
    return found


def _connections_of(node: Mapping[str, Any]) -> list[str]:
    node_type = registry.find(node["type"])
    if node_type is None:
        return []
    names = [name for name, field in node_type.fields.items() if field.kind == "connection_ref"]
    return [node["config"][name] for name in names if isinstance(node["config"].get(name), str)]


def test(connection: Connection, url: str, by: Any) -> Outcome:
    """Send one GET with the credentials; only to hosts the connection is bound to."""
    credentials = credentials_of(connection)
    url = url.strip() or _first_address(connection)
    if not url:
        return Outcome(False, "Name an address to try, such as https://api.example.com/me.")
    try:
        response = fetch("GET", url, timeout=TEST_SECONDS, max_bytes=65_536, connection=credentials)
    except StepError as error:
        return Outcome(False, credentials.mask.text(error.message))
    record(connection.workspace, by, "connection.tested", connection)
    Connection.objects.filter(pk=connection.pk).update(last_used_at=timezone.now())
    host = url.split("/")[2]
    if response.status in (401, 403):
        return Outcome(False, f"{host} answered {response.status}: it does not accept these credentials.")
    took = f"in {response.seconds * 1000:.0f} ms"
    if response.status >= 400:
        return Outcome(
            True, f"{host} was reached and answered {response.status} {took}; the credentials were not refused."
        )
    return Outcome(True, f"{host} answered {response.status} {took}.")


def _first_address(connection: Connection) -> str:
    plain = [host for host in connection.allowed_hosts if "*" not in host]
    return f"https://{plain[0]}/" if plain else ""


@transaction.atomic
def delete(connection: Connection, by: Any) -> None:
    """Raises InUse where flows need it."""
    used = uses(connection.workspace).get(str(connection.pk))
    if used:
        raise InUse(used)
    record(connection.workspace, by, "connection.deleted", connection, type=connection.type)
    connection.delete()
