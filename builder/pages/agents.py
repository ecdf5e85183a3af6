"""Agents: who they are, the addresses their platforms report to, the secret those reports are signed with."""

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder import registering
from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.rendering import page
from runtime.models import Agent, Event

PLATFORMS = {
    "vapi": ("Vapi", "Assistant or phone number → Server URL; the secret is sent as X-Vapi-Secret."),
    "retell": ("Retell", "Agent → Webhook URL; calls are signed with your Retell API key."),
    "elevenlabs": ("ElevenLabs", "Agents → Settings → Post-call webhook; copy the secret shown there."),
    "famulor": ("Famulor", "Assistant → Post-call webhook."),
    "synthflow": ("Synthflow", "Agent → Webhook, and Inbound webhook of the number; the secret signs the call’s id."),
    "strada": ("Strada", "Agent → Server URL; the secret is sent as X-Strada-Secret."),
    "bland": ("Bland", "Webhook of the call or the inbound number; signed as X-Webhook-Signature."),
    "sigmamind": ("SigmaMind", "Inbound webhook of the number; add the secret as the header X-Webhook-Secret."),
    "goldilocks": ("Goldilocks", "Developers → Webhooks; signed as X-Goldilocks-Signature."),
    "twilio": ("Twilio", "Status callback and messaging webhook; the secret is your Auth Token."),
    "generic": ("Any other system", "POST the call as JSON; sign with HMAC-SHA256 if it can."),
}


class AgentForm(Form):
    name = forms.CharField(
        label="Name", max_length=120, help_text="As your team calls it, for example “Support line EN”."
    )
    slug = forms.CharField(
        label="Short name",
        max_length=63,
        required=False,
        help_text="In events and addresses; made from the name if empty.",
    )
    platform = forms.ChoiceField(label="Platform", choices=[(name, words[0]) for name, words in PLATFORMS.items()])
    platform_id = forms.CharField(
        label="Id at the platform", max_length=120, required=False,
        help_text="What the platform calls this agent. Vapi has to be told it when a call comes in.",
    )  # fmt: skip
    data_url = forms.URLField(
        label="Data endpoint", max_length=500, required=False, assume_scheme="https",
        help_text="Where chat flows of this agent send their data updates, unless the step names an address.",
    )  # fmt: skip
    origins = forms.CharField(
        label="Sites with its chat", required=False, max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
        help_text="One a line, such as https://shop.example.com: pages there may talk in its conversations from the "
        "browser, with a conversation's own token. None listed: none but pages on our own address.",
    )  # fmt: skip
    signing_secret = forms.CharField(
        label="Signing secret", required=False, max_length=500, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    remove_secret = forms.BooleanField(label="Remove the secret and accept unsigned reports", required=False)

    def __init__(self, *args, agent=None, **kwargs):
        super().__init__(*args, **kwargs)
        if agent and agent.signature_required:
            self.fields["signing_secret"].widget.attrs["placeholder"] = "••••••••  kept; type to replace it"
            self.fields["signing_secret"].kept = True
        else:
            del self.fields["remove_secret"]

    @property
    def given(self):
        data = dict(self.cleaned_data)
        data["origins"] = data["origins"].splitlines()
        data["slug"] = data["slug"] or slugify(data["name"])[:63]
        if data.pop("remove_secret", False):
            data["signing_secret"] = ""
        elif not data["signing_secret"]:
            del data["signing_secret"]
        return data


@require_GET
@member_required()
def agent_list(request):
    agents = list(Agent.objects.for_workspace(request.workspace))
    flows = registering.flows_of(request.workspace)
    for agent in agents:
        agent.flows = flows.get(agent.slug, [])
        agent.platform_name = PLATFORMS[agent.platform][0]
        newest = Event.objects.for_workspace(request.workspace).filter(agent=agent.slug).order_by("-id")
        agent.last_event = newest.values_list("received_at", flat=True).first()
    return page(request, "pages/agent_list.html", agents=agents, may_edit=request.membership.may("editor"))


@require_http_methods(["GET", "POST"])
@never_cache
@member_required("editor")
def new_agent(request):
    return _edit(request, Agent(workspace=request.workspace))


@require_http_methods(["GET", "POST"])
@never_cache
@member_required()
def edit_agent(request, agent_id):
    """Viewers see an agent without its addresses: whoever knows one may report calls."""
    agent = agent_or_404(request, agent_id)
    if request.method == "POST" and not request.membership.may("editor"):
        return redirect("agent-edit", agent.pk)
    return _edit(request, agent)


def _edit(request, agent):
    new = agent._state.adding
    initial = {} if new else {"name": agent.name, "slug": agent.slug, "platform": agent.platform,
                                 "platform_id": agent.platform_id, "data_url": agent.data_url,
                                 "origins": "\n".join(agent.origins)}  # fmt: skip
    form = AgentForm(request.POST or None, agent=None if new else agent, initial=initial)
    if request.method == "POST" and form.is_valid():
        problems = registering.save(agent, request.user, form.given)
        if not problems:
            messages.success(request, f"{agent.name} is saved.")
            return redirect("agent-edit", agent.pk)
        for name, text in problems.items():
            form.add_error(name, text)
    may_edit = request.membership.may("editor")
    addresses = registering.receivers_of(agent) if not new and may_edit else {}
    actions = registering.actions_of(agent) if addresses else []
    receivers = [(name, *PLATFORMS[name], url, _tools(agent, name, actions)) for name, url in addresses.items()]
    receivers.sort(key=lambda row: row[0] != agent.platform)
    return page(
        request,
        "pages/agent.html",
        form=form,
        agent=None if new else agent,
        receivers=receivers,
        flows=[] if new else registering.flows_of(request.workspace).get(agent.slug, []),
        may_edit=may_edit,
    )  # fmt: skip


def _tools(agent, platform, actions):
    """[(action, address)] where a tool needs an address of its own."""
    if platform not in registering.BARE_ARGUMENTS:
        return []
    return [(name, registering.tool_address(agent, platform, name)) for name in actions]


@require_POST
@member_required("editor")
def renew_agent_address(request, agent_id):
    agent = agent_or_404(request, agent_id)
    registering.renew_address(agent, request.user)
    messages.success(request, "The addresses are new. Put them into the platform: the old ones are dead.")
    return redirect("agent-edit", agent.pk)


@require_POST
@member_required("editor")
def delete_agent(request, agent_id):
    agent = agent_or_404(request, agent_id)
    try:
        registering.delete(agent, request.user)
    except registering.InUse as error:
        messages.error(request, str(error))
        return redirect("agent-edit", agent.pk)
    messages.success(request, f"{agent.name} is removed; its addresses are dead.")
    return redirect("agent-list")


def agent_or_404(request, agent_id):
    return get_object_or_404(Agent.objects.for_workspace(request.workspace), pk=agent_id)
