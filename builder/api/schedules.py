"""/flows/<id>/moments/: when a schedule would run next, before it is saved or published."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import VIEW
from builder.api import shapes
from builder.api.base import ApiView
from builder.api.shapes import described
from builder.problems import Refused
from runtime.engine.registry import find
from runtime.models import Flow, Trigger
from runtime.schedule_preview import upcoming
from runtime.schedules import UNITS, BadSchedule


class Moments(ApiView):
    rights = {"POST": VIEW}

    @described(shapes.Moments, shapes.MomentsBody)
    def post(self, request: Request, flow_id: Any) -> Response:
        """`config` as the form of the schedule trigger holds it; what is wrong with it is said in `problem`."""
        flow, given = self.flow(), self.read(shapes.MomentsBody)
        node_type = find("schedule")
        assert node_type is not None
        config = node_type.config_of(given["config"])
        try:
            found = upcoming(config, _after(flow, config), given["count"])
        except BadSchedule as error:
            return Response({"moments": [], "problem": str(error)})
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise Refused(422, "invalid", "This is no schedule.") from error
        return Response({"moments": found, "problem": "" if found else "This moment never comes."})


def _after(flow: Flow, config: dict[str, Any]) -> Any:
    """From now on; an interval that runs already counts from its last time, as it will go on to."""
    now = timezone.now()
    live = Trigger.objects.filter(flow=flow, type="schedule", next_at__gt=now).first()
    same = ("mode", "count", "unit")
    if live is None or live.next_at is None or config["mode"] != "every":
        return now
    if any(live.config.get(name) != config[name] for name in same):
        return now
    return live.next_at - timedelta(seconds=int(config["count"]) * UNITS[config["unit"]])
