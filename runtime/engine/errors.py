"""The errors of the engine: a step that failed as steps do, one without its connection, a template nobody can read."""

from typing import Any


class StepError(Exception):
    """An expected failure of a step, in words for who operates the flow; it ends as data on the step's row.

    `code` names the kind of failure for branches and statistics, `retryable` says whether another try may help,
    `retry_after` is in seconds, `detail` is JSON-able (what the peer said).
    """

    def __init__(
        self, message: str, code: str = "", retryable: bool = False,
        retry_after: float | None = None, detail: Any = None,
    ):  # fmt: skip
        super().__init__(message)
        self.message, self.code, self.retryable = message, code, retryable
        self.retry_after, self.detail = retry_after, detail


class NoConnection(StepError):
    """The connection a step uses is gone or off: nothing was sent. `connection_id` says which."""

    def __init__(self, message: str, code: str, connection_id: str):
        super().__init__(message, code)
        self.connection_id = connection_id


class TemplateError(ValueError):
    """A template that cannot be read. `position` counts characters from 0 to where reading stopped."""

    def __init__(self, message: str, position: int = 0):
        super().__init__(message)
        self.message, self.position = message, position
