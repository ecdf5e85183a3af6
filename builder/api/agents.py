"""/agents/: the AI agents we serve; their receivers' addresses; signing secrets, write-only."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from rest_framework.request import Request
from rest_framework.response import Response

from builder.access import EDIT, VIEW, actor_of, may
from builder.api import shapes
from builder.api.base import ApiView, or_404, repeatable
from builder.api.shapes import KEY_HEADER, PAGE_QUERY, described, listing
from builder.auditing import record
from builder.overview import agents_of, listed
from builder.problems import Refused
from runtime import reaching_out
from runtime.active import iso
from runtime.models import Agent


def agent_json(agent: Agent, *, addresses: bool = True) -> dict[str, Any]:
    """An agent as the wire shows it; its receivers are secret addresses, not for those who only look."""
    address = f"{settings.PUBLIC_URL}/in"
    vendors = reaching_out.receiver_names() if addresses else []
    return {
        "id": str(agent.pk), "slug": agent.slug, "name": agent.name, "platform": agent.platform,
        "receivers": {name: f"{address}/{name}/{agent.token}/" for name in vendors},
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
        _refuse_taken(request, slug)
        agent = Agent(workspace=request.workspace, slug=slug, name=given["name"], platform=given["platform"])
        _set(agent, given)
        agent.save(force_insert=True)
        record(request.workspace, actor_of(request), "agent.created", agent)
        return Response(agent_json(agent), 201)


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
        given, agent = self.read(shapes.AgentBody, partial=True), self.agent()
        if given.get("slug", agent.slug) != agent.slug:
            _refuse_taken(request, given["slug"])
        for name in ("slug", "name", "platform"):
            setattr(agent, name, given.get(name, getattr(agent, name)))
        _set(agent, given)
        agent.save()
        record(request.workspace, actor_of(request), "agent.changed", agent, fields=sorted(given))
        return Response(agent_json(agent))

    @described(None, status=204)
    @transaction.atomic
    def delete(self, request: Request, agent_id: Any) -> Response:
        agent = self.agent()
        used = [flow.name for flow in listed(request.workspace).kept() if agent.slug in agents_of(flow)]
        if used:
            raise Refused(409, "in_use", f"Used by {', '.join(used[:5])}: choose another agent there first.")
        record(request.workspace, actor_of(request), "agent.deleted", agent)
        agent.delete()
        return Response(status=204)


def _trusted(request: Request) -> bool:
    """Whoever knows a receiver's address can report calls; those who only look, and keys that only read, do not."""
    return may(request, EDIT)


def _refuse_taken(request: Request, slug: str) -> None:
    if Agent.objects.for_workspace(request.workspace).filter(slug=slug).exists():
        error = {"pointer": "/slug", "code": "taken", "message": f"There is an agent {slug!r} already."}
        raise Refused(422, "invalid", error["message"], [error])


def _set(agent: Agent, given: dict[str, Any]) -> None:
    """A secret switches the check on unless the same request says otherwise; without one nothing can be checked."""
    if "signing_secret" in given:
        agent.set_signing_secret(given["signing_secret"])
    if "signature_required" in given:
        agent.signature_required = given["signature_required"]
    if agent.signature_required and not agent.signing_secret_sealed:
        error = {"pointer": "/signature_required", "code": "invalid", "message": "Give a signing secret first."}
        raise Refused(422, "invalid", error["message"], [error])
