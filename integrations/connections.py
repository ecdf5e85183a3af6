"""From a stored connection to what `http.fetch` applies: opened once per run, kept no longer than the run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from integrations.authentication import Outgoing, Values
from integrations.client_certificates import Identity
from integrations.connection_types import TYPES, ConnectionType
from integrations.grants import Held
from integrations.hosts import place_of
from integrations.masking import NO_MASK, Mask
from integrations.models import Connection
from integrations.tokens import TokenSource
from runtime.engine.errors import NoConnection, StepError
from runtime.vault import CannotOpen

USED_EVERY = timedelta(minutes=5)
LONG_LINE = 20  # shorter lines of a secret say nothing


@dataclass(frozen=True, slots=True)
class Credentials:
    """An opened connection. `mask` hides its secrets in all that is kept; its text form shows none of them.

    `broken` and `off` say why it cannot be used, in words; `failing`: what was sent last was not taken.
    """

    name: str
    kind: ConnectionType
    hosts: tuple[str, ...] = ()
    values: Values = field(default_factory=dict, repr=False)
    mask: Mask = field(default=NO_MASK, repr=False)
    broken: str = ""
    off: str = ""
    failing: bool = False
    id: str = ""
    identity: Identity | None = field(default=None, repr=False)
    tokens: TokenSource | None = field(default=None, repr=False)

    def allows(self, host: str, port: int) -> bool:
        """Whether this may be used for `host:port`; credentials that carry nothing may go everywhere."""
        if self.kind.name == "none" and not self.hosts:
            return True
        return any(place_of(allowed).fits(host, port) for allowed in self.hosts)

    @property
    def address(self) -> str:
        """Where the connection's service is, without a slash at the end."""
        return self.kind.address(self.values)

    def check_usable(self) -> None:
        """Raise StepError saying why it cannot be used."""
        if self.broken:
            raise StepError(f"The connection {self.name} cannot be used. {self.broken}", code="connection_broken")
        if self.off:
            text = f"The connection {self.name} is switched off: {self.off} Switch it on again on its page."
            raise NoConnection(text, "connection_off", self.id)

    def apply(self, request: Outgoing) -> Outgoing:
        self.check_usable()
        if self.kind.apply is None:
            raise StepError(f"The connection {self.name} is not for HTTP requests.", code="connection_broken")
        request = self.kind.apply(self.values, request)
        return request.with_header("Authorization", f"Bearer {self.tokens.access()}") if self.tokens else request

    def worked(self) -> None:
        """A peer took these credentials; noted in the row when the connection is next taken up."""
        if self.id:
            _worked[self.id] = timezone.now()

    def renew(self) -> bool:
        """A peer answered 401: whether it is worth asking again with what there is now."""
        return self.tokens is not None and not self.broken and self.tokens.renew()


def resolve(workspace_id: Any, ids: Iterable[str]) -> dict[str, Credentials]:
    """{id: Credentials} of a workspace's own connections; foreign and unknown ids are left out."""
    try:
        found = Connection.objects.filter(workspace_id=workspace_id, pk__in=list(ids))
        rows = list(found.select_related("token"))
    except (ValidationError, ValueError):  # a document may hold anything where an id should be
        rows = [row for row in (find(workspace_id, each) for each in ids) if row is not None]
    _note_use(rows)
    return {str(row.pk): credentials_of(row) for row in rows}


def credentials_of(row: Connection) -> Credentials:
    """Open a stored connection. One whose key is gone says so when it is used, not before."""
    known: dict[str, Any] = {
        "name": row.name, "kind": row.kind, "hosts": tuple(row.allowed_hosts), "id": str(row.pk),
        "off": row.off_because if row.off_at else "", "failing": row.failing_since is not None,
    }  # fmt: skip
    if row.type not in TYPES:
        return Credentials(**known, broken=f"Its type {row.type} is not installed here.")
    try:
        secrets = row.secrets()
    except CannotOpen as error:
        return Credentials(**known, broken=str(error))
    values = row.kind.filled({**row.config, **secrets})
    mask = Mask([*_lines_of(secrets), *_derived(row.kind, values)])
    bound = Credentials(**known, values=values, mask=mask, identity=row.kind.identity(values))
    return replace(bound, tokens=_tokens(row, bound)) if row.kind.grant else bound


def _tokens(row: Connection, bound: Credentials) -> TokenSource:
    token = getattr(row, "token", None)
    try:
        held = token.held() if token else Held()
    except CannotOpen:  # it is got anew; what cannot be got without a person is told then
        held = Held()
    return TokenSource(row.pk, row.name, row.kind, bound.values, held, bound.mask, bound.allows)


def _lines_of(secrets: Mapping[str, str]) -> Iterator[str]:
    """Each secret, and of one that has several lines (a PEM, a key file) each line too: they may be quoted alone."""
    for text in secrets.values():
        yield text
        lines = [line.strip() for line in text.splitlines()] if "\n" in text else []
        yield from (line for line in lines if len(line) >= LONG_LINE and not line.startswith("-----"))


def problems_of(row: Connection) -> Mapping[str, str]:
    """{field: what is wrong} with a connection about to be saved."""
    try:
        row.clean()
    except ValidationError as error:
        return {name: texts[0] for name, texts in error.message_dict.items()}
    return {}


def _derived(kind: ConnectionType, values: Values) -> list[str]:
    """What is made of secrets and sent in a header, as basic authentication is: a peer may echo that."""
    try:
        sent = kind.apply(values, Outgoing("https://peer.example/")) if kind.apply else Outgoing("")
    except StepError:  # a key that goes into a body
        return []
    return [text.rpartition(" ")[2] for text in sent.headers.values()]


def find(workspace_id: Any, connection_id: Any) -> Connection | None:
    """A workspace's own connection; None for what is foreign, unknown or no id at all."""
    try:
        return Connection.objects.filter(workspace_id=workspace_id, pk=connection_id).first()
    except (ValidationError, ValueError):
        return None


def _note_use(rows: list[Connection]) -> None:
    """`last_used_at` and `worked_at`, written seldom: resolving is on the way of every run."""
    now = timezone.now()
    due = [row.pk for row in rows if row.last_used_at is None or now - row.last_used_at > USED_EVERY]
    if due:
        Connection.objects.filter(pk__in=due).update(last_used_at=now)
    for row in rows:
        at = _worked.get(str(row.pk))
        if at is not None and (row.worked_at is None or at - row.worked_at > USED_EVERY):
            Connection.objects.filter(pk=row.pk).update(worked_at=at)


_worked: dict[str, datetime] = {}
NO_CREDENTIALS = Credentials("", TYPES["none"])
