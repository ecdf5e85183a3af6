"""/agents/: the AI agents we serve; their receivers' addresses; signing secrets, write-only."""

from typing import Any

from django.db import transaction
from django.utils.text import slugify
from rest_framework.request import Request
from rest_framework.response import Response

from builder import registering
from builder.access import EDIT, VIEW, actor_of, may
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.problems import Refused
from runtime.active import iso
from runtime.models import Agent


def agent_json(agent: Agent, *, addresses: bool = True) -> dict[str, Any]:
    """An agent as the wire shows it; addresses are secrets, not for those who only look."""
    return {
        "id": str(agent.pk), "slug": agent.slug, "name": agent.name, "platform": agent.platform,
        "platform_id": agent.platform_id, "receivers": registering.receivers_of(agent) if addresses else {},
        "data_url": agent.data_url if addresses else "", "origins": agent.origins,
        "has_signing_secret": bool(agent.signing_secret_sealed), "signature_required": agent.signature_required,
        "created_at": iso(agent.created_at), "updated_at": iso(agent.updated_at),
    }  # fmt: skip


class AgentList(ApiView):
    rights = {"GET": VIEW, "POST": EDIT}

    @described(listing(shapes.Agent), query=PAGE_QUERY, id="agents_list")
    def get(self, request: Request) -> Response:
        agents = Agent.objects.for_workspace(request.workspace)
        return self.page(
            agents, ("name", "id"), lambda rows: [agent_json(row, addresses=_trusted(request)) for row in rows]
        )

    @described(shapes.Agent, shapes.AgentBody, status=201, headers=KEY_HEADER)
    @repeatable
    def post(self, request: Request) -> Response:
        given = self.read(shapes.AgentBody)
        slug = given.get("slug") or slugify(given["name"])[:63] or "agent"
        return Response(_saved(Agent(workspace=request.workspace), request, {**given, "slug": slug}), 201)


class AgentDetail(ApiView):
    rights = {"GET": VIEW, "PATCH": EDIT, "DELETE": EDIT}

    def agent(self) -> Agent:
        return or_404(Agent.objects.for_workspace(self.request.workspace), pk=self.kwargs["agent_id"])

    @described(shapes.Agent)
    def get(self, request: Request, agent_id: Any) -> Response:
        return Response(agent_json(self.agent(), addresses=_trusted(request)))

    @described(shapes.Agent, shapes.AgentBody)
    @transaction.atomic
    def patch(self, request: Request, agent_id: Any) -> Response:
        return Response(_saved(self.agent(), request, self.read(shapes.AgentBody, partial=True)))

    @described(None, status=204)
    def delete(self, request: Request, agent_id: Any) -> Response:
        try:
            registering.delete(self.agent(), actor_of(request))
        except registering.InUse as error:
            raise Refused(409, "in_use", str(error)) from None
        return Response(status=204)


def _trusted(request: Request) -> bool:
    """Whoever knows a receiver's address can report calls; those who only look, and keys that only read, do not."""
    return may(request, EDIT)


def _saved(agent: Agent, request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """The agent as it is now, or what is wrong with it, field by field."""
    problems = registering.save(agent, actor_of(request), given)
    if problems:
        errors = [{"pointer": f"/{name}", "code": "invalid", "message": text} for name, text in problems.items()]
        raise Refused(422, "invalid", errors[0]["message"], errors)
    return agent_json(agent)
