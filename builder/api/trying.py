"""/flows/<id>/try/ and try-node/: the draft as a test run; one step alone ("Send")."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import trying_out
from builder.access import EDIT, user_of
from builder.api import shapes
from builder.api.base import ApiView, repeatable
from builder.api.shapes import KEY_HEADER, described
from builder.problems import Refused


class Try(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Started, shapes.Trying, status=202, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, flow_id: Any) -> Response:
        """`dry` answers outgoing effects from samples and sends nothing."""
        given = self.read(shapes.Trying)
        event = _object(given.get("event"), "/event")
        run = trying_out.try_out(self.flow(), event, given["mode"], given.get("until"), user_of(request))
        return Response({"run": str(run.pk)}, 202)


class Chat(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Chatting, shapes.Chat, status=201)
    def post(self, request: Request, flow_id: Any) -> Response:
        """The draft, as a conversation that nobody else sees; it goes on with the token, like a visitor's."""
        given = self.read(shapes.Chat)
        event = _object(given.get("event"), "/event")
        return Response(trying_out.talk(self.flow(), event, given["mode"], user_of(request)), 201)


class TryNode(ApiView):
    rights = {"POST": EDIT}

    @described(shapes.Sent, shapes.Sending)
    def post(self, request: Request, flow_id: Any) -> Response:
        """Always live. A failure of the step is in `error`, the answer is still 200."""
        given = self.read(shapes.Sending)
        node = _object(given["node"], "/node")
        return Response(trying_out.send(self.flow(), node, _object(given.get("variables"), "/variables")))


def _object(value: Any, pointer: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        error = {"pointer": pointer, "code": "type", "message": "Expected an object."}
        raise Refused(422, "invalid", f"{pointer} must be an object.", [error])
    return value
