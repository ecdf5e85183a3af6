"""Connections that keep to one deadline and dial only what the guard allows; kept alive and shared by all threads.

A time-out per read is no limit: a peer that sends a byte now and then (in its status line, its headers, its chunk
sizes, its trailers, or its TLS handshake) stretches it for ever. So every single read and write here first asks how
much of the call's total time is left. The call of a thread is `call`, set by `http.fetch`.
"""

import logging
import os
import socket
import ssl
import threading
import time
from collections import OrderedDict
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import certifi
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager, ProxyManager
from urllib3.util.ssl_ import create_urllib3_context

from integrations.client_certificates import Identity
from integrations.egress import Guard, Refused, guard_for, literal

HOSTS_KEPT, IDENTITIES_KEPT = 256, 64
RESET_AFTER = 0.05  # seconds that a call may end late by
# Its warnings quote whole URLs, keys in queries included, and any peer can provoke them.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class _Call(threading.local):
    """The call that this thread is making. `dialled`: a new connection was made for it, none was reused."""

    deadline = 0.0
    dialled = False


call = _Call()


class _OnTime:
    """A socket whose reads and writes end with the call."""

    def recv_into(self, *args: Any) -> int:
        self._hurry()
        return super().recv_into(*args)  # type: ignore[misc]

    def recv(self, *args: Any) -> bytes:
        self._hurry()
        return super().recv(*args)  # type: ignore[misc]

    def send(self, *args: Any) -> int:
        self._hurry()
        return super().send(*args)  # type: ignore[misc]

    def sendall(self, *args: Any) -> None:
        self._hurry()
        return super().sendall(*args)  # type: ignore[misc]

    def _hurry(self) -> None:
        now = time.monotonic()
        if now >= call.deadline:
            raise TimeoutError("the call took too long")
        if self.ends != call.deadline or now > self.set_at + RESET_AFTER:  # setting it costs as much as reading
            self.ends, self.set_at = call.deadline, now
            self.settimeout(call.deadline - now)  # type: ignore[attr-defined]

    ends = set_at = 0.0  # the deadline that the socket's time-out was set for, and when


class Line(_OnTime, socket.socket):
    pass


class SecureLine(_OnTime, ssl.SSLSocket):
    pass


class _Guarded:
    """A urllib3 connection that dials through the guard of its pool."""

    guard: Guard
    gathered: bytearray | None = None

    def request(self, *args: Any, **options: Any) -> None:
        """Head and body leave together: one system call, one packet, where http.client makes two."""
        self.gathered = bytearray()
        try:
            super().request(*args, **options)  # type: ignore[misc]
            super().send(self.gathered)  # type: ignore[misc]
        finally:
            self.gathered = None

    def send(self, data: Any) -> None:
        if self.gathered is None:
            super().send(data)  # type: ignore[misc]
        else:
            self.gathered += data

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port  # type: ignore[attr-defined]
        call.dialled = True
        try:
            return self.guard.dial(host.strip("[]"), port, call.deadline, Line)
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error  # type: ignore[arg-type]
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, f"cannot connect: {error}") from error  # type: ignore[arg-type]


class Door(HTTPAdapter):
    """The connections of one process under one guard. `requests` hands it prepared requests; it never sees cookies."""

    def __init__(self, guard: Guard, proxy: str):
        self.guard, self.proxy = guard, proxy
        self.context = tls_context()
        self.identified: OrderedDict[str, PoolManager] = OrderedDict()
        self.to_the_proxy = _pools(_guard_of_proxy(proxy)) if proxy else {}
        super().__init__(pool_connections=HOSTS_KEPT, pool_maxsize=settings.RUN_THREADS, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self.context, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self.guard)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):  # type: ignore[no-untyped-def]
        scheme, host, port = request.origin
        if request.identity is not None and scheme == "https":
            if self.proxy:
                self._check_ahead(host, port)
            manager = self._manager_for(request.identity)
        elif self.proxy:
            self._check_ahead(host, port)
            manager = self.proxy_manager_for(self.proxy, ssl_context=self.context)
            manager.pool_classes_by_scheme = self.to_the_proxy
        else:
            manager = self.poolmanager
        return manager.connection_from_host(host, port, scheme)

    def _manager_for(self, identity: Identity) -> PoolManager:
        """The lines on which we show a client certificate are nobody else's."""
        key = identity.fingerprint
        with _making:
            manager = self.identified.pop(key, None)
            if manager is None:
                context = identity.load_into(tls_context())
                options = {"num_pools": 4, "maxsize": settings.RUN_THREADS, "ssl_context": context}
                manager = ProxyManager(self.proxy, **options) if self.proxy else PoolManager(**options)
                manager.pool_classes_by_scheme = self.to_the_proxy or _pools(self.guard)
            self.identified[key] = manager
            while len(self.identified) > IDENTITIES_KEPT:
                self.identified.popitem(last=False)[1].clear()
            return manager

    def cert_verify(self, conn, url, verify, cert):  # type: ignore[no-untyped-def]
        """The context made at the start verifies; requests would read the certificates from disk for every line."""

    def request_url(self, request, proxies):  # type: ignore[no-untyped-def]
        if self.proxy and request.origin[0] == "http":
            return request.url.partition("#")[0]
        return request.path_url

    def build_response(self, req, resp):  # type: ignore[no-untyped-def]
        """urllib3's response as it is: no cookies are taken, nothing is guessed about the body."""
        return resp

    def _check_ahead(self, host: str, port: int) -> None:
        """The proxy dials, so it judges names; what can be judged without looking them up is judged here."""
        self.guard.check_port(host, port)
        for address in literal(host):
            self.guard.check(host, port, address)
        name = host.lower().rstrip(".")
        if name == "localhost" or name.endswith((".localhost", ".local", ".internal")):
            raise Refused(f"{host} is a name inside this network, which requests may not reach.")


def _pools(guard: Guard) -> dict[str, type[HTTPConnectionPool]]:
    """The connection pools that urllib3 makes, by scheme, dialling through `guard`."""
    plain = type("Plain", (_Guarded, HTTPConnection), {"guard": guard})
    secure = type("Secure", (_Guarded, HTTPSConnection), {"guard": guard})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def _guard_of_proxy(proxy: str) -> Guard:
    """The operator's proxy may stand anywhere."""
    place = urlsplit(proxy)
    port = place.port or (443 if place.scheme == "https" else 80)
    anywhere = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    return Guard({((place.hostname or "").lower(), port): anywhere})


def tls_context(checked: bool = True) -> ssl.SSLContext:
    """Certificates of the usual bundle, and those the operator trusts on this machine (an own CA, SSL_CERT_FILE).

    Unless `checked`, whoever answers is believed; never over HTTP.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if checked else ssl.CERT_NONE)
    context.check_hostname = checked
    if checked:
        context.load_default_certs()
        context.load_verify_locations(certifi.where())
    context.sslsocket_class = SecureLine
    return context


_doors: dict[tuple[str, str], Door] = {}
_making = threading.Lock()


def door() -> Door:
    """The door under the present settings; kept lines go with it."""
    key = (settings.EGRESS_ALLOW, settings.EGRESS_PROXY)
    found = _doors.get(key)
    if found is None:
        with _making:  # or each of a worker's threads would load the certificates for itself
            found = _doors.get(key) or _doors.setdefault(key, Door(guard_for(key[0]), key[1]))
    return found


def forget_lines() -> None:
    """Drop all kept connections. A forked child must not write into its parent's lines."""
    global _making
    _making = threading.Lock()  # another thread may have held it at the fork
    _doors.clear()


os.register_at_fork(after_in_child=forget_lines)
