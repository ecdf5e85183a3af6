"""rotate_secrets: everything sealed moves to the new key; it can be stopped, and says what is left."""

import io
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from integrations.grants import Held
from integrations.models import Connection, Token
from runtime import rotating, vault
from runtime.models import Agent
from tests.integrations.test_connections import make

pytestmark = pytest.mark.django_db
NEW = "new:" + "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="


def rotate_secrets():
    out = io.StringIO()
    try:
        call_command("rotate_secrets", stdout=out)
    finally:
        rotate_secrets.said = out.getvalue()
    return out.getvalue()


@pytest.fixture
def secrets(workspace):
    row = make(workspace, "basic", config={"username": "jane"}, password="s3cret-word")
    token = Token(workspace=workspace, connection=row)
    token.__dict__.update(token.seal(Held(1, "access-token", "refresh-token")))
    token.save()
    agent = Agent(workspace=workspace, slug="a", name="A")
    agent.set_signing_secret("whsec_of-the-vendor")
    agent.save()
    return row, token, agent


def test_every_sealed_column_is_found():
    found = {rotating._name(*place) for place in rotating.places()}
    assert found >= {
        "integrations.connection.sealed", "integrations.token.sealed", "runtime.agent.signing_secret_sealed",
        "runtime.agent.token_sealed", "runtime.flow.token_sealed", "runtime.event.secure_sealed",
        "runtime.hook.secret_sealed", "runtime.hook.previous_sealed",
    }  # fmt: skip


def test_all_secrets_move_to_the_first_key_and_the_old_one_can_go(secrets, settings):
    row, token, agent = secrets
    address = agent.token
    settings.SECRET_KEKS = f"{NEW},{settings.SECRET_KEKS}"
    assert rotating.left().total() > 0
    assert "0 left under older keys; the active one is new." in rotate_secrets()
    settings.SECRET_KEKS = NEW
    assert Connection.objects.get(pk=row.pk).secrets() == {"password": "s3cret-word"}
    assert Token.objects.get(pk=token.pk).held().refresh == "refresh-token"
    again = Agent.objects.get(pk=agent.pk)
    assert (again.signing_secret, again.token) == ("whsec_of-the-vendor", address)


def test_it_can_be_stopped_and_run_again(secrets, settings, monkeypatch):
    settings.SECRET_KEKS = f"{NEW},{settings.SECRET_KEKS}"
    before, move = rotating.left().total(), rotating._seal_anew
    moved = []

    def stop_after_two(*args):
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(args)
        return move(*args)

    with monkeypatch.context() as patch:
        patch.setattr(rotating, "_seal_anew", stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            rotating.rotate()
    assert rotating.left().total() == before - 2
    done = Counter()
    rotating.rotate(lambda place, count: done.update({place: count}))
    assert (done.total(), rotating.left().total()) == (before - 2, 0)


def test_a_secret_changed_meanwhile_is_not_overwritten(secrets, settings):
    settings.SECRET_KEKS = f"{NEW},{settings.SECRET_KEKS}"
    stale = Connection.objects.get(pk=secrets[0].pk)
    current = Connection.objects.get(pk=secrets[0].pk)
    current.set_secrets({"password": "newer-word"})
    current.save()
    assert rotating._seal_anew(Connection, "sealed", stale) == 0
    assert Connection.objects.get(pk=stale.pk).secrets() == {"password": "newer-word"}


def test_a_backup_from_before_a_rotation_opens_with_its_old_key_beside_the_new_one(secrets, settings):
    """As after restoring it: first nothing opens, then with the old key put behind the new one everything does."""
    row, old = secrets[0], settings.SECRET_KEKS
    backup = dict(row.sealed)
    settings.SECRET_KEKS = f"{NEW},{old}"
    rotate_secrets()
    settings.SECRET_KEKS = NEW
    Connection.objects.filter(pk=row.pk).update(sealed=backup)
    with pytest.raises(vault.CannotOpen):
        Connection.objects.get(pk=row.pk).secrets()
    settings.SECRET_KEKS = f"{NEW},{old}"
    assert Connection.objects.get(pk=row.pk).secrets() == {"password": "s3cret-word"}
    assert "0 left under older keys" in rotate_secrets()
    settings.SECRET_KEKS = NEW
    assert Connection.objects.get(pk=row.pk).secrets() == {"password": "s3cret-word"}


def test_what_no_key_opens_is_told(secrets, settings):
    settings.SECRET_KEKS = NEW
    with pytest.raises(CommandError, match=r"integrations\.connection\.sealed \(1\)"):
        rotate_secrets()
    assert "left under older keys" in rotate_secrets.said


def test_a_stolen_database_opens_nothing_without_the_key(secrets, settings):
    settings.SECRET_KEKS = NEW
    with pytest.raises(vault.CannotOpen):
        Connection.objects.get().secrets()
