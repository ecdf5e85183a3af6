"""/flows/<id>/scenarios/: events to try a flow with, kept by name beside its document."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import EDIT, VIEW, user_of
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.models import Scenario
from builder.problems import Refused
from runtime.arrivals import written_event
from runtime.engine.values import safe_dumps

MOST = 100
LARGEST = 512 * 1024


class ScenarioList(ApiView):
    rights = {"GET": VIEW, "POST": EDIT}

    @described(listing(shapes.Scenario), query=PAGE_QUERY, id="scenarios_list")
    def get(self, request: Request, flow_id: Any) -> Response:
        return self.page(self.flow().scenarios, ("name", "id"), lambda rows: [_json(row) for row in rows])

    @described(shapes.Scenario, shapes.NewScenario, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request, flow_id: Any) -> Response:
        """A name is used once; secret values are refused, for a scenario is kept as it is written."""
        flow, given = self.flow(), self.read(shapes.NewScenario)
        name, event = given["name"], given["event"]
        _check(event)
        if flow.scenarios.filter(name=name).exists():
            raise Refused(409, "name_taken", f"There is a scenario {name!r} already.")
        if flow.scenarios.count() >= MOST:
            raise Refused(409, "too_many", f"A flow keeps at most {MOST} scenarios; delete one first.")
        row = Scenario.objects.create(
            workspace=flow.workspace, flow=flow, name=name, event=_without_secrets(event), by=user_of(request)
        )
        return Response(_json(row), 201)


class ScenarioDetail(ApiView):
    rights = {"PATCH": EDIT, "DELETE": EDIT}

    @described(shapes.Scenario, shapes.ScenarioChange)
    def patch(self, request: Request, flow_id: Any, scenario_id: Any) -> Response:
        """Another event under the same name; one that is refused leaves the old one as it was."""
        row, event = self._scenario(request, scenario_id), self.read(shapes.ScenarioChange)["event"]
        _check(event)
        row.event, row.by = _without_secrets(event), user_of(request)
        row.save(update_fields=["event", "by"])
        return Response(_json(row))

    @described(status=204)
    def delete(self, request: Request, flow_id: Any, scenario_id: Any) -> Response:
        self._scenario(request, scenario_id).delete()
        return Response(status=204)

    def _scenario(self, request: Request, scenario_id: Any) -> Scenario:
        return or_404(Scenario.objects.for_workspace(request.workspace).filter(flow=self.flow()), pk=scenario_id)


def _check(event: Any) -> None:
    if not isinstance(event, dict):
        raise _refused("event", "type", "The event is an object.")
    if event.get("secure") and not isinstance(event["secure"], list):
        raise _refused("event/secure", "secure", "A scenario is kept as it is written; leave secret values out.")
    if len(safe_dumps(event)) > LARGEST:
        raise _refused("event", "size", f"A scenario has at most {LARGEST // 1024} KiB.")
    written_event(event)


def _without_secrets(event: dict[str, Any]) -> dict[str, Any]:
    """A run shows only the names of its secret values; they have no place in what is kept."""
    return {name: value for name, value in event.items() if name != "secure"}


def _refused(pointer: str, code: str, message: str) -> Refused:
    return Refused(422, "invalid", message, [{"pointer": f"/{pointer}", "code": code, "message": message}])


def _json(row: Scenario) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name, "event": row.event}
