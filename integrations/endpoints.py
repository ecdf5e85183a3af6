"""Endpoints that want no more: their connections are switched off until a person switches them on again.

Standard Webhooks: 410 means that nobody listens any more, and an endpoint that has taken nothing for days is not asked
for ever. Who operates the workspace is told by mail, once; what a mail server did not take is tried again every hour.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from integrations.connections import Credentials
from integrations.exchange import Exchange
from integrations.in_database import in_database
from integrations.models import Connection
from integrations.service_node import ServiceNode
from runtime import parking, present
from runtime.engine.errors import StepError
from runtime.models import Membership

PATIENCE = timedelta(days=5)
GONE = 410
ON = {"off_at": None, "off_because": "", "failing_since": None, "owners_told_at": None}
log = logging.getLogger("segue.endpoints")


class EndpointNode(ServiceNode):
    """A step whose connection is one address of somebody's, which may say that it wants no more."""

    def _output(self, exchange: Exchange, values: Any) -> dict[str, Any]:
        try:
            output = super()._output(exchange, values)
        except StepError as error:
            if exchange.shown:
                error = _refused(exchange, error)
            raise error from None
        if exchange.answered and exchange.credentials.failing:
            in_database(lambda: Connection.objects.filter(pk=exchange.credentials.id).update(failing_since=None))
        return output


def _refused(exchange: Exchange, error: StepError) -> StepError:
    """What to do about a failure: nothing, or switch the connection off and say so."""
    credentials, why = exchange.credentials, exchange.mask.text(error.message)
    if not credentials.id:
        return error
    if error.code == f"http_{GONE}":
        switch_off(credentials, why)
    elif not in_database(lambda: _failed_too_long(credentials.id)):
        return error
    else:
        why = f"It has taken nothing for {PATIENCE.days} days. The last time: {why}"
        switch_off(credentials, why)
    told = f"{error.message} The connection {credentials.name} is switched off now."
    return StepError(told, error.code, False, None, error.detail)


def _failed_too_long(connection_id: str) -> bool:
    """Note the failure; whether there were only failures for as long as anybody has patience."""
    now = present.now()
    rows = Connection.objects.filter(pk=connection_id)
    rows.filter(failing_since=None).update(failing_since=now)
    since = rows.values_list("failing_since", flat=True).first()
    return since is not None and now - since >= PATIENCE


def switch_off(credentials: Credentials, why: str) -> None:
    """From now on nothing is sent with this connection. Of several who find out the first tells the owners."""

    def write() -> int:
        rows = Connection.objects.filter(pk=credentials.id, off_at=None)
        return rows.update(off_at=present.now(), off_because=why)

    if in_database(write):
        tell_owners(UUID(credentials.id))


def tell_owners(connection_id: UUID) -> bool:
    """Mail to the workspace's owners that a connection is off; whether it was taken."""
    message = in_database(lambda: _message(connection_id))
    try:
        if message is not None:
            message.send()
    except OSError as error:  # smtplib's errors are such too
        log.warning("The mail about connection %s was not taken (%s); again in an hour", connection_id, error)
        return False
    in_database(lambda: Connection.objects.filter(pk=connection_id).update(owners_told_at=present.now()))
    return True


def tell_owners_of_all() -> int:
    """Mails that were not taken when their time was; how many are now. Once an hour."""
    rows = Connection.objects.filter(off_at__isnull=False, owners_told_at=None)
    return sum(tell_owners(each) for each in list(rows.values_list("pk", flat=True)))


def _message(connection_id: UUID) -> EmailMessage | None:
    """None where there is nobody to tell, or nothing any more."""
    row = Connection.objects.filter(pk=connection_id, off_at__isnull=False).select_related("workspace").first()
    if row is None:
        return None
    owners = Membership.objects.for_workspace(row.workspace).filter(role="owner")
    to = list(owners.order_by("user__email").values_list("user__email", flat=True))
    page = settings.PUBLIC_URL + reverse("connection-edit", args=[row.pk])
    missed = settings.PUBLIC_URL + reverse("undelivered")
    text = (
        f"The connection {row.name} of {row.workspace.name} was switched off.\n\n{row.off_because}\n\n"
        f"Runs that need it are parked from now on and go on by themselves once it is on again. Its page:\n{page}\n\n"
        f"What was not delivered before can be sent again from here:\n{missed}\n"
    )
    subject = " ".join(f"{row.name} was switched off".split())
    return EmailMessage(subject, text, to=to) if to else None


@transaction.atomic
def switch_on(connection: Connection) -> None:
    """By a person's hand: it is asked again, its patience begins anew, and the runs that were parked for it go on."""
    for name, value in ON.items():
        setattr(connection, name, value)
    connection.save(update_fields=[*ON])
    parking.release(connection.workspace_id, connection.pk)
