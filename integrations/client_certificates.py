"""Client certificates (mTLS): checked when saved, held in memory only.

Python's ssl module reads certificates from files only, so the key is put into an anonymous file in memory (memfd,
Linux), which has no name on any disk and is gone once it has been read.
"""

import hashlib
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from integrations.authentication import Values


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are to a TLS peer, and whose certificates we take from it (`ca`, beside the usual ones)."""

    certificate: str
    key: str = field(repr=False)
    ca: str = ""

    @property
    def fingerprint(self) -> str:
        """Tells identities apart without holding their keys."""
        return hashlib.sha256("\0".join((self.certificate, self.key, self.ca)).encode()).hexdigest()

    def load_into(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The context, which now shows this certificate."""
        if self.ca:
            context.load_verify_locations(cadata=self.ca)
        handle = os.memfd_create("segue", os.MFD_CLOEXEC)
        try:
            os.write(handle, f"{self.certificate.strip()}\n{self.key.strip()}\n".encode())
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return context


def identity_of(values: Values) -> Identity:
    return Identity(values.get("certificate", ""), values.get("key", ""), values.get("ca", ""))


def check(values: Values) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) with a certificate, its key and the authority's certificates."""
    certificate = _certificate(values.get("certificate", ""))
    if certificate is None:
        yield "certificate", "This is no certificate in PEM form (-----BEGIN CERTIFICATE-----)."
        return
    if certificate.not_valid_after_utc < datetime.now(UTC):
        yield "certificate", f"The certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}; use a newer one."
    if values.get("ca") and _certificate(values["ca"]) is None:
        yield "ca", "This is no certificate in PEM form (-----BEGIN CERTIFICATE-----)."
    try:
        key = load_pem_private_key(values.get("key", "").encode(), None)
    except (ValueError, TypeError):
        yield "key", "This is no private key in PEM form, or it has a passphrase: give it without one."
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        yield "key", "The key does not belong to the certificate."


def expires(values: Values) -> datetime | None:
    certificate = _certificate(values.get("certificate", ""))
    return certificate.not_valid_after_utc if certificate else None


def _certificate(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(pem.encode())[0]
    except ValueError:
        return None
