"""Which addresses may be dialled: the guard against requests that turn inwards (SAFETY section 3).

Names are judged by what they resolve to at the moment of dialling, never by how they are spelled, and the very address
that was judged is the one that is connected to. So rebinding, odd spellings of 127.0.0.1 and redirects need no rules
of their own. One forbidden answer spoils the whole name. IPv6 is dialled only inside 2000::/3.

Operators open single doors with EGRESS_ALLOW: `host:port=network,...`, for example
`crm.internal:8080=10.1.2.0/24,[fd00::5]:443=fd00::/64`. Host, port and network must all fit; nothing in the product
can edit it.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import TimeoutError as NotResolvedInTime
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from integrations.own_threads import OwnThreads
from runtime.engine.errors import StepError

PORTS = frozenset({80, 443, 8080, 8443})
ANSWERS_TRIED = 4
_resolvers = OwnThreads(16, "resolve")
# Networks that lead to no public host. `is_global` alone misses some of them, and changes with Python's version.
_FORBIDDEN_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    )
)  # fmt: skip
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_FORBIDDEN_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SocketAddress = tuple[int, int, int, str, tuple[Any, ...]]  # as getaddrinfo gives it


class Refused(StepError):
    """The guard said no. Deliberately neither OSError nor RequestException: those would be retried as a bad line."""

    def __init__(self, message: str, code: str = "address_refused"):
        super().__init__(message, code=code, retryable=False)


@dataclass(frozen=True)
class Guard:
    """The rules of one configuration. `allow`: (host, port) -> networks the operator opened for it.

    `ports` are those that need no opening: the web's, or for mail those of SMTP.
    """

    allow: Mapping[tuple[str, int], tuple[Network, ...]] = field(default_factory=dict)
    ports: frozenset[int] = PORTS

    def check(self, host: str, port: int, address: str) -> None:
        """Raise Refused unless `address` (an IP as text) may be dialled for `host:port`."""
        opened = self.allow.get((_name(host), port), ())
        ip = ipaddress.ip_address(address.split("%")[0])
        if any(ip in network for network in opened if network.version == ip.version):
            return
        self.check_port(host, port)
        if opened and port not in self.ports:
            raise Refused(f"{host}:{port} resolves to an address outside the network that EGRESS_ALLOW gives it.")
        if not is_public(ip):
            raise Refused(
                f"{host} leads to a private or reserved network, which requests may not reach. If it is one of your "
                f"own systems, an operator can open it with EGRESS_ALLOW={host}:{port}=<network>."
            )

    def check_port(self, host: str, port: int) -> None:
        """Raise Refused unless `port` is one of the usual ones, or opened for `host`."""
        if port not in self.ports and (_name(host), port) not in self.allow:
            usual = ", ".join(map(str, sorted(self.ports)))
            raise Refused(
                f"Port {port} is not one that requests may use ({usual}). An operator can open it with "
                f"EGRESS_ALLOW={host}:{port}=<network>.",
                code="port_refused",
            )

    def addresses(self, host: str, port: int, seconds: float) -> list[SocketAddress]:
        """Where `host` is, all answers checked. Raises Refused, socket.gaierror, or TimeoutError after `seconds`."""
        self.check_port(host, port)
        found = resolve(_name(host), port, seconds)
        for answer in found:
            self.check(host, port, answer[4][0])
        return found

    def dial(self, host: str, port: int, deadline: float, make: type[socket.socket] = socket.socket) -> socket.socket:
        """A connected socket to a checked address of `host`; `deadline` is in monotonic seconds. Raises OSError."""
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, where in self.addresses(host, port, deadline - time.monotonic())[:ANSWERS_TRIED]:
            line = make(family, kind, protocol)
            try:
                line.settimeout(_left(deadline))
                line.connect(where)
                self.check(host, port, line.getpeername()[0])
                line.settimeout(_left(deadline))  # the TLS handshake comes next and inherits it
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return line
            except OSError as error:
                line.close()
                failure = error
            except BaseException:
                line.close()
                raise
        raise failure


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("connecting took too long")
    return left


def is_public(ip: Address) -> bool:
    """Whether an address belongs to a host on the public internet."""
    if ip.version == 4:
        return ip.is_global and not any(ip in network for network in _FORBIDDEN_4)
    return ip in _GLOBAL_6 and ip.is_global and not any(ip in network for network in _FORBIDDEN_6)


@lru_cache(maxsize=32)
def guard_for(setting: str) -> Guard:
    """The guard for one value of EGRESS_ALLOW."""
    return Guard(read_allow(setting))


def read_allow(setting: str) -> dict[tuple[str, int], tuple[Network, ...]]:
    """`host:port=network,...` as a table; raises ValueError naming the entry that cannot be read."""
    table: dict[tuple[str, int], tuple[Network, ...]] = {}
    for entry in filter(None, (part.strip() for part in setting.split(","))):
        place, _, network = entry.partition("=")
        host, _, port = place.rpartition(":")
        try:
            key = (_name(host.strip("[]")), int(port))
            opened = ipaddress.ip_network(network.strip(), strict=False)
        except ValueError as error:
            raise ValueError(f"EGRESS_ALLOW: {entry!r} is not host:port=network ({error}).") from error
        if not key[0] or not 0 < key[1] < 65536:
            raise ValueError(f"EGRESS_ALLOW: {entry!r} is not host:port=network.")
        table[key] = (*table.get(key, ()), opened)
    return table


def resolve(host: str, port: int, seconds: float) -> list[SocketAddress]:
    """getaddrinfo with a time limit: the system's resolver has none that a caller can set."""
    try:
        return _lookup(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    try:
        return _resolvers.submit(_lookup, host, port, 0).result(timeout=max(0.0, seconds))
    except NotResolvedInTime as error:
        raise TimeoutError(f"looking up {host} took too long") from error


def _lookup(host: str, port: int, flags: int) -> list[SocketAddress]:
    try:
        return socket.getaddrinfo(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM, flags=flags)  # type: ignore[return-value]
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error


def _name(host: str) -> str:
    return host.lower().rstrip(".")


def literal(host: str) -> Iterable[str]:
    """The addresses that `host` itself spells out, in any spelling the system's resolver takes; none for a name."""
    try:
        return [answer[4][0] for answer in _lookup(_name(host), 0, socket.AI_NUMERICHOST)]
    except socket.gaierror:
        return []
