"""A new flow: first what it is and for which agent, then what it starts from; then the editor."""

from functools import lru_cache

from django import forms
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from builder.auditing import record
from builder.flows import create_flow, template_document, templates
from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.rendering import page
from runtime.engine import registry
from runtime.engine.node_type import GROUPS
from runtime.models import Agent

KINDS = (
    ("post_call", "Post-call", "phone", "violet", "After a call or chat has ended: tickets, CRM, messages."),
    ("action", "Action", "bolt", "amber", "Called by the agent during the conversation; answers within a deadline."),
    ("inbound", "Inbound", "inbound_call", "green", "Before the agent answers: gives it variables about the caller."),
    ("conversation", "Conversation", "chat", "teal", "Drives a chat with a visitor: speaks, asks, hands over."),
    ("automation", "Automation", "refresh", "blue", "By the clock, by an event, or when another system calls it."),
)  # fmt: skip


class NewFlowForm(Form):
    name = forms.CharField(
        label="Name", max_length=120, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )
    description = forms.CharField(
        label="Description", max_length=500, required=False, help_text="What it does and why, for your colleagues.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    kind = forms.ChoiceField(choices=[(kind[0], kind[1]) for kind in KINDS], initial="post_call")
    agent = forms.ChoiceField(label="Agent", required=False)
    template = forms.CharField(required=False)

    def __init__(self, *args, workspace, **kwargs):
        agents = [(agent.slug, agent.name) for agent in Agent.objects.for_workspace(workspace)]
        super().__init__(*args, **kwargs)
        self.fields["agent"].choices = [("", "Any agent"), *agents]

    def clean(self):
        data = super().clean()
        kinds = {item["id"]: item["kind"] for item in templates()}
        if data.get("template") and kinds.get(data["template"]) != data.get("kind"):
            data["template"] = ""
        return data


@lru_cache(maxsize=64)
def drawn_as(template):
    """The icon and colour of a template's telling step: the one whose group comes last in the palette."""
    types = [registry.find(node["type"]) for node in template_document(template)["nodes"]]
    telling = max((each for each in types if each and each.group != "answer"), key=lambda each: each.group_order)
    return {"icon": telling.icon, "color": GROUPS[telling.group]["color"]}


@require_http_methods(["GET", "POST"])
@member_required("editor")
def new_flow(request):
    initial = {name: request.GET[name] for name in ("kind", "agent", "template") if request.GET.get(name)}
    form = NewFlowForm(request.POST or None, workspace=request.workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        agents = [data["agent"]] if data["agent"] else []
        flow = create_flow(
            request.workspace, request.user, name=data["name"], description=data["description"], kind=data["kind"],
            template=data["template"], agents=agents,
        )  # fmt: skip
        record(request.workspace, request.user, "flow.created", flow, template=data["template"])
        return redirect("flow-editor", flow.pk)
    chosen = form["template"].value() or ""
    offered = [{**item, **drawn_as(item["id"])} for item in templates()]
    context = {"form": form, "kinds": KINDS, "templates": offered, "kind": form["kind"].value(), "template": chosen}
    return page(request, "builder/flow_new.html", **context)
