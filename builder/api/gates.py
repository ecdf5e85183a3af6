"""/connections/<id>/gate/: limits of a connection and its circuit breaker."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder import gating
from builder.access import EDIT, OPERATE_RUNS, VIEW, actor_of
from builder.api import shapes
from builder.api.base import ApiView, or_404
from builder.api.shapes import described
from integrations.models import Connection


class _OneGate(ApiView):
    def connection(self) -> Connection:
        rows = Connection.objects.for_workspace(self.request.workspace)
        return or_404(rows, pk=self.kwargs["connection_id"])


class ConnectionGate(_OneGate):
    rights = {"GET": VIEW, "PATCH": EDIT}

    @described(shapes.Gate)
    def get(self, request: Request, connection_id: Any) -> Response:
        return Response(gating.gate_json(gating.gate_of(self.connection())))

    @described(shapes.Gate, shapes.GateBody)
    def patch(self, request: Request, connection_id: Any) -> Response:
        """Runs that may not go yet wait for their turn, in order."""
        given = self.read(shapes.GateBody, partial=True)
        return Response(gating.gate_json(gating.set_limits(self.connection(), actor_of(request), **given)))


class ConnectionGateReset(_OneGate):
    rights = {"POST": OPERATE_RUNS}

    @described(shapes.Gate)
    def post(self, request: Request, connection_id: Any) -> Response:
        """Closes the breaker: all is well again."""
        connection = self.connection()
        gate = gating.gate_of(connection)
        if gate.pk:
            gating.reset(gate, actor_of(request))
        return Response(gating.gate_json(gating.gate_of(connection)))
