"""/flows/<id>/traffic/: what passed through a flow."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import VIEW_RUNS
from builder.api import shapes
from builder.api.base import ApiView, or_404
from builder.api.shapes import described
from builder.problems import Refused
from builder.traffic import WINDOWS, traffic_of


class Traffic(ApiView):
    rights = {"GET": VIEW_RUNS}

    @described(shapes.Traffic, query={"window": "24h (default) or 7d", "version": "a version's number; all without"})
    def get(self, request: Request, flow_id: Any) -> Response:
        """Live runs only; the newest 5,000 of the window."""
        flow = self.flow()
        window = request.query_params.get("window", "24h")
        if window not in WINDOWS:
            raise _refused("window", f"window is {' or '.join(WINDOWS)}.")
        number = request.query_params.get("version", "")
        if number and (not number.isdecimal() or len(number) > 9):
            raise _refused("version", "version is a version's number.")
        version = or_404(flow.versions, number=int(number)) if number else None
        return Response(traffic_of(flow, window, version))


def _refused(name: str, message: str) -> Refused:
    return Refused(422, "invalid", message, [{"pointer": f"/{name}", "code": "invalid", "message": message}])
