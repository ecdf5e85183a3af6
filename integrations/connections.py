"""From a stored connection to what `http.fetch` applies: opened once per run, kept no longer than the run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from integrations.connection_types import TYPES, ConnectionType, Values
from integrations.hosts import place_of
from integrations.masking import NO_MASK, Mask
from integrations.models import Connection
from runtime.engine.errors import StepError
from runtime.vault import CannotOpen

USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An opened connection. `mask` hides its secrets in all that is kept; its text form shows none of them."""

    name: str
    kind: ConnectionType
    hosts: tuple[str, ...] = ()
    values: Values = field(default_factory=dict, repr=False)
    mask: Mask = field(default=NO_MASK, repr=False)
    broken: str = ""

    def allows(self, host: str, port: int) -> bool:
        """Whether this may be used for `host:port`; credentials that carry nothing may go everywhere."""
        if self.kind.name == "none" and not self.hosts:
            return True
        return any(place_of(allowed).fits(host, port) for allowed in self.hosts)

    def apply(self, url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
        if self.broken:
            raise StepError(f"The connection {self.name} cannot be used. {self.broken}", code="connection_broken")
        return self.kind.apply(self.values, url, headers)


def resolve(workspace_id: Any, ids: Iterable[str]) -> dict[str, Credentials]:
    """{id: Credentials} of a workspace's own connections; foreign and unknown ids are left out."""
    try:
        rows = list(Connection.objects.filter(workspace_id=workspace_id, pk__in=list(ids)))
    except (ValidationError, ValueError):  # a document may hold anything where an id should be
        rows = [row for row in (_find(workspace_id, each) for each in ids) if row is not None]
    _note_use(rows)
    return {str(row.pk): credentials_of(row) for row in rows}


def credentials_of(row: Connection) -> Credentials:
    """Open a stored connection. One whose key is gone says so when it is used, not before."""
    try:
        secrets = row.secrets()
    except CannotOpen as error:
        return Credentials(row.name, TYPES[row.type], tuple(row.allowed_hosts), broken=str(error))
    values = {**row.config, **secrets}
    mask = Mask([*secrets.values(), *_derived(row.type, values)])
    return Credentials(row.name, TYPES[row.type], tuple(row.allowed_hosts), values, mask)


def problems_of(row: Connection) -> Mapping[str, str]:
    """{field: what is wrong} with a connection about to be saved."""
    try:
        row.clean()
    except ValidationError as error:
        return {name: texts[0] for name, texts in error.message_dict.items()}
    return {}


def _derived(kind: str, values: Values) -> list[str]:
    """What is made of secrets and sent: a peer may echo that."""
    if kind != "basic":
        return []
    _, headers = TYPES["basic"].apply(values, "", {})
    return [headers["Authorization"].removeprefix("Basic ")]


def _find(workspace_id: Any, connection_id: Any) -> Connection | None:
    try:
        return Connection.objects.filter(workspace_id=workspace_id, pk=connection_id).first()
    except (ValidationError, ValueError):
        return None


def _note_use(rows: list[Connection]) -> None:
    """`last_used_at`, written seldom: resolving is on the way of every run."""
    now = timezone.now()
    due = [row.pk for row in rows if row.last_used_at is None or now - row.last_used_at > USED_EVERY]
    if due:
        Connection.objects.filter(pk__in=due).update(last_used_at=now)


NO_CREDENTIALS = Credentials("", TYPES["none"])
