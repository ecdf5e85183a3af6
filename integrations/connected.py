"""Steps that cannot do without a connection: what is said where none is chosen, and how the chosen one is opened."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from integrations.connections import Credentials
from runtime.engine.errors import StepError
from runtime.engine.node_type import NodeType


class ConnectedNode(NodeType):
    """A step with a field `connection` that must be filled in. `missing` tells a person what to choose or to make."""

    missing: ClassVar[str] = "Choose the connection of this step."
    calls_out = True

    def check_fields(self, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """As always; that the connection is missing is said by `check`, with what to do."""
        for pointer, message in super().check_fields(config):
            if pointer != "/connection" or config.get("connection"):
                yield pointer, message

    def check(self, node: Any, graph: Any) -> Iterator[tuple[str, str, str]]:
        if not node.config.get("connection"):
            yield "F011", "/config/connection", self.missing

    def credentials(self, step: Any) -> Credentials:
        """The connection that the step names. Raises StepError for one that is missing, foreign, broken or off."""
        found: Credentials | None = step.connection(step.config["connection"])
        if found is None:
            raise StepError(self.missing, code="no_connection")
        field: Any = self.fields["connection"]
        if found.kind.name not in field.types:
            raise StepError(f"The connection {found.name} is of another kind. {self.missing}", code="no_connection")
        found.check_usable()
        return found
