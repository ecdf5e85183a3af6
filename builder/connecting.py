"""Connections: saving one, finding where it is used, testing it, deleting it. Secrets go in and never come out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from builder import gating
from builder.auditing import record
from builder.models import Draft
from integrations import endpoints
from integrations.connections import credentials_of, problems_of
from integrations.models import Connection
from integrations.proving import Proof, prove
from integrations.tokens import forget
from runtime import parking
from runtime.engine import registry
from runtime.models import Flow, Workspace

WARN_BEFORE = timedelta(days=30)
NAME_TAKEN = "Another connection has this name."


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


def save(
    connection: Connection, by: Any, *, name: str | None = None, config: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | None] | None = None, allowed_hosts: list[str] | None = None, may_widen: bool = False,
) -> dict[str, str]:  # fmt: skip
    """Change what is given and keep the rest. {field: what is wrong}; empty = it is saved.

    Kept secrets go to further hosts only if `may_widen`: else whoever edits could have them sent to themselves.
    Raises MayNotWiden.
    """
    new = connection._state.adding
    was, before = dict(connection.config), set(connection.allowed_hosts)
    kept = set(connection.sealed) - set(secrets or ())
    connection.name = connection.name if name is None else name.strip()
    connection.config = dict(connection.config if config is None else config)
    connection.allowed_hosts = connection.allowed_hosts if allowed_hosts is None else allowed_hosts
    connection.set_secrets(secrets or {})
    problems = dict(problems_of(connection))
    further = set(connection.allowed_hosts) - before if not problems else ()  # some follow from the values
    if further and kept and not new and not may_widen:
        raise MayNotWiden
    problems |= _problems_of_name(connection)
    if not problems:
        try:
            _store(connection, by, changed=bool(secrets or connection.config != was), replaced=sorted(secrets or {}))
        except IntegrityError:
            return {"name": NAME_TAKEN}
    return problems


def _problems_of_name(connection: Connection) -> dict[str, str]:
    if not connection.name:
        return {"name": "Give it a name."}
    others = Connection.objects.for_workspace(connection.workspace).exclude(pk=connection.pk)
    return {"name": NAME_TAKEN} if others.filter(name=connection.name).exists() else {}


@transaction.atomic
def _store(connection: Connection, by: Any, *, changed: bool, replaced: list[str]) -> None:
    """`changed`: another address or secret, which is given its own chance; `replaced` names the secrets."""
    new = connection._state.adding
    if changed:
        forget(connection)
        for field, value in endpoints.ON.items():
            setattr(connection, field, value)
    connection.save()
    if new and connection.kind.limits:
        gating.begin_with(connection, connection.kind.limits)
    if not connection.off_at and not new:
        parking.release(connection.workspace_id, connection.pk)
    record(
        connection.workspace, by, "connection.created" if new else "connection.changed", connection,
        type=connection.type, allowed_hosts=connection.allowed_hosts, secrets_replaced=replaced,
    )  # fmt: skip


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


def test(connection: Connection, url: str, by: Any) -> Proof:
    """Send one harmless request with the credentials; only to hosts the connection is bound to."""
    proof = prove(replace(credentials_of(connection), off=""), url)
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(last_used_at=now, **({"worked_at": now} if proof.good else {}))
    record(connection.workspace, by, "connection.tested", connection, good=proof.good)
    return proof


@dataclass(frozen=True)
class Standing:
    """How a connection is: what a person should know of it before runs fail. `tone` is ok, warn or bad."""

    tone: str
    words: str


def standing(connection: Connection, now: datetime | None = None) -> Standing | None:
    """None where nothing is known to be wrong and nothing has worked yet."""
    now = now or timezone.now()
    if connection.off_at:
        return Standing("bad", f"Off since {connection.off_at:%-d %B %Y}: {connection.off_because}")
    token = getattr(connection, "token", None)
    if token is not None and token.trouble:
        return Standing("bad", token.trouble)
    if connection.kind.needs_sign_in and not (token and token.sealed):
        return Standing("warn", "Nobody has signed in yet.")
    ends = expires_at(connection)
    if ends is not None and ends < now + WARN_BEFORE:
        over = ends <= now
        return Standing("bad" if over else "warn", f"{'Ended' if over else 'Ends'} on {ends:%-d %B %Y}.")
    return Standing("ok", "Works") if connection.worked_at else None


@transaction.atomic
def switch_on(connection: Connection, by: Any) -> None:
    """What was switched off because nobody took anything is asked again."""
    endpoints.switch_on(connection)
    record(connection.workspace, by, "connection.switched_on", connection)


def expires_at(connection: Connection) -> datetime | None:
    """When the credentials themselves end, where they tell: a certificate."""
    return connection.kind.expires(connection.config)


@transaction.atomic
def delete(connection: Connection, by: Any) -> None:
    """Raises InUse where flows need it."""
    used = uses(connection.workspace).get(str(connection.pk))
    if used:
        raise InUse(used)
    record(connection.workspace, by, "connection.deleted", connection, type=connection.type)
    connection.delete()
