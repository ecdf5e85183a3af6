"""Secrets at rest: AES-256-GCM under a key of each workspace, bound to the row and field they belong to.

A sealed value reads `1|<key id>|<nonce><ciphertext>` (base64). The additional data names workspace, record and field,
so a ciphertext copied to another row does not open. The workspace's key is derived (HKDF-SHA256) from the key of that
id in SECRET_KEKS (`id:base64,...`, the first one seals); losing those keys loses the secrets.
"""

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class CannotOpen(Exception):
    """A sealed value does not belong here, or its key is gone."""


def seal(text: str, workspace_id, record_id, field: str) -> str:
    key_id = next(iter(_keks(settings.SECRET_KEKS)), None)
    if key_id is None:
        raise ImproperlyConfigured("SECRET_KEKS is empty: secrets cannot be kept. Set it, or run `manage.py up` once.")
    nonce = os.urandom(12)
    sealed = _cipher(settings.SECRET_KEKS, key_id, str(workspace_id)).encrypt(
        nonce, text.encode(), _bound_to(workspace_id, record_id, field)
    )
    return f"1|{key_id}|{base64.b64encode(nonce + sealed).decode()}"


def open_sealed(sealed: str, workspace_id, record_id, field: str) -> str:
    try:
        _, key_id, packed = sealed.split("|")
        raw = base64.b64decode(packed)
        cipher = _cipher(settings.SECRET_KEKS, key_id, str(workspace_id))
        return cipher.decrypt(raw[:12], raw[12:], _bound_to(workspace_id, record_id, field)).decode()
    except (ValueError, KeyError, InvalidTag) as error:
        raise CannotOpen(f"The secret {field!r} cannot be opened: its key is missing or it was moved.") from error


def active_key_id() -> str:
    return next(iter(_keks(settings.SECRET_KEKS)), "")


def _bound_to(workspace_id, record_id, field: str) -> bytes:
    return f"{workspace_id}|{record_id}|{field}".encode()


@lru_cache(maxsize=8)
def _keks(setting: str) -> dict[str, bytes]:
    pairs = (entry.split(":", 1) for entry in setting.split(",") if entry.strip())
    keks = {key_id.strip(): base64.b64decode(key) for key_id, key in pairs}
    if any(len(key) != 32 for key in keks.values()):
        raise ImproperlyConfigured("Each key in SECRET_KEKS must be 32 bytes in base64.")
    return keks


@lru_cache(maxsize=1024)
def _cipher(setting: str, key_id: str, workspace_id: str) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=None, info=f"segue workspace {workspace_id}".encode()).derive(
        _keks(setting)[key_id]
    )
    return AESGCM(derived)
