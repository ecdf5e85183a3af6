"""A visitor in tests: begins a conversation over HTTP, answers, sees what comes back; and the nodes of chat flows."""

import itertools
from typing import Any

from tests.contract.conftest import Program
from tests.flows import node

_numbers = itertools.count(1)


class Visitor:
    """One conversation by its own token, as a page on the web would have it. `last` is the newest answer."""

    def __init__(self, program: Program, **opening: Any):
        self.opened = program.post("/conversations/", opening)
        assert self.opened.status_code == 201, self.opened.text
        self.last = self.opened.value
        self.id, self.token = self.last["id"], self.last["token"]
        self.page = Program(program.url, self.token)

    @property
    def path(self) -> str:
        return f"/conversations/{self.id}/"

    def send(self, id: str | None = None, **said: Any) -> Any:
        """The raw answer to one message."""
        return self.page.post(f"{self.path}messages/", {"id": id or f"m{next(_numbers)}", **said})

    def say(self, text: str = "", **said: Any) -> list[str]:
        """What is said to it, as texts."""
        answer = self.send(**({"text": text} if text else {}), **said)
        assert answer.status_code == 200, answer.text
        self.last = answer.value
        return self.texts

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.last["messages"]]

    @property
    def expects(self) -> Any:
        return self.last["expects"]

    @property
    def status(self) -> str:
        return self.last["status"]

    def thread(self) -> dict[str, Any]:
        return self.page.get(self.path).value


def started(**config: Any) -> dict[str, Any]:
    return node("start", "conversation_started", {"frequency": "always", **config})


def heard(**config: Any) -> dict[str, Any]:
    return node("start", "message_received", {"frequency": "always", **config})


def say(id: str, text: str, **config: Any) -> dict[str, Any]:
    return node(id, "send_message", {"text": text, **config})


def ask(id: str, text: str, **config: Any) -> dict[str, Any]:
    return node(id, "ask_question", {"text": text, **config})


def bye(id: str = "bye", **config: Any) -> dict[str, Any]:
    return node(id, "end_conversation", config)
