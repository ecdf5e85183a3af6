"""Where the floor above plugs in what reaches the outside world; the runtime knows no connection and no vendor."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_receivers: dict[str, Any] = {}
_resolve: Callable[[Any, Iterable[str]], Mapping[str, Any]] | None = None
_judge: Callable[[Any, str, list[str]], Mapping[str, Any] | None] | None = None


def register_connections(resolve: Callable[[Any, Iterable[str]], Mapping[str, Any]]) -> None:
    """`resolve(workspace_id, ids)` -> {id: resolved connection}, unknown ids left out. Runs on the loader's thread."""
    global _resolve
    _resolve = resolve


def connections(workspace_id: Any, ids: Iterable[str]) -> Mapping[str, Any]:
    wanted = [connection_id for connection_id in ids if connection_id]
    return _resolve(workspace_id, wanted) if _resolve and wanted else {}


def usable(workspace_id: Any, connection_id: str) -> bool:
    """Whether a step could be made with this connection now: it is there, and not off."""
    found = connections(workspace_id, [connection_id]).get(connection_id)
    return found is not None and not found.off


def register_judge(ask: Callable[[Any, str, list[str]], Mapping[str, Any] | None]) -> None:
    """`ask(resolved connection, message, phrases)` -> {"phrase", "confidence"} as a model sees it, or None."""
    global _judge
    _judge = ask


def judge(connection: Any, message: str, phrases: list[str]) -> Mapping[str, Any] | None:
    """Which of the phrases a message means, by the model of a connection; None where none can be asked."""
    return _judge(connection, message, phrases) if _judge else None


def register_receiver(name: str, receiver: Any) -> None:
    """`receiver`: verify(headers, body, secrets, now) and read(body, headers), see integrations/receivers."""
    _receivers[name] = receiver


def receiver(name: str) -> Any:
    """The vendor's receiver, or None."""
    return _receivers.get(name)
