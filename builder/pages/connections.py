"""Connections: named credentials. Secrets go in and never come out; only what is filled in anew is replaced."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder import connecting, gating
from builder.pages.access import member_required
from builder.pages.fields import Form
from builder.pages.flow_list import back
from builder.pages.rendering import page
from builder.signing_in import redirect_uri
from integrations.connection_types import TYPES
from integrations.models import Connection


class SecretLines(forms.Textarea):
    """A secret of several lines; like a password, it is not sent back with a form that was wrong."""

    def get_context(self, name, value, attrs):
        return super().get_context(name, None, attrs)


class ConnectionForm(Form):
    """The fields its type asks for, around a name and the hosts it is bound to."""

    name = forms.CharField(label="Name", max_length=120, help_text="As it is called in flows, for example “Zendesk”.")
    allowed_hosts = forms.CharField(
        label="Allowed hosts", required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
        help_text="One a line, such as api.example.com or *.example.com. Credentials are sent nowhere else.",
    )  # fmt: skip

    def __init__(self, *args, kind, connection=None, **kwargs):
        self.kind, self.connection = kind, connection
        super().__init__(*args, **kwargs)
        shown = connection.shown_secrets() if connection else {}
        for declared in sorted(kind.fields, key=lambda declared: declared.advanced):
            self.fields[f"field_{declared.name}"] = self._field(declared, shown.get(declared.name))
        hosts = self.fields.pop("allowed_hosts")
        if kind.asks_for_hosts:
            hosts.required = kind.name != "none"
            self.fields["allowed_hosts"] = hosts
        for field in self.fields.values():
            base = "textarea mono" if isinstance(field.widget, forms.Textarea) else "input"
            field.widget.attrs["class"] = "select" if isinstance(field.widget, forms.Select) else base

    def _field(self, declared, shown):
        kept = bool(shown and shown["has_value"])
        options = {"label": declared.label, "required": declared.required and not kept, "help_text": declared.help}
        if declared.options:
            return forms.ChoiceField(choices=declared.options, initial=self._stored(declared), **options)
        lines = {"rows": 4, "class": "mono", "spellcheck": "false"}
        if not declared.secret:
            widget = forms.Textarea(attrs=lines) if declared.lines else None
            return forms.CharField(initial=self._stored(declared), widget=widget, **options)
        attrs = {"autocomplete": "off", "placeholder": "••••••••  kept; type to replace it" if kept else ""}
        widget = SecretLines(attrs={**lines, **attrs}) if declared.lines else forms.PasswordInput(attrs=attrs)
        field = forms.CharField(widget=widget, strip=False, **options)
        field.kept = kept
        return field

    def _stored(self, declared):
        return self.connection.config.get(declared.name, declared.default) if self.connection else declared.default

    def usual(self):
        """The fields that everybody fills in."""
        hidden = {field.html_name for field in self.unusual()}
        return [field for field in self if field.html_name not in hidden]

    def unusual(self):
        """Those that most leave alone; shown on request."""
        names = {f"field_{declared.name}" for declared in self.kind.fields if declared.advanced}
        return [field for field in self if field.html_name in names]

    def unusual_is_open(self):
        """Where something is filled in or wrong, nothing is hidden."""
        return any(field.errors or (field.value() or "") != (field.initial or "") or self._differs(field)
                   for field in self.unusual())  # fmt: skip

    def _differs(self, field):
        declared = next(each for each in self.kind.fields if f"field_{each.name}" == field.html_name)
        return bool(self.connection) and self.connection.config.get(declared.name, "") not in ("", declared.default)

    @property
    def config(self):
        """What is filled in; an empty optional field is left out, so that its default holds."""
        given = {name: self.cleaned_data[f"field_{name}"].replace("\r\n", "\n") for name in self.kind.public_names}
        return {name: value for name, value in given.items() if value}

    @property
    def secrets(self):
        """Those filled in; an empty one keeps what is there."""
        given = {name: self.cleaned_data[f"field_{name}"].replace("\r\n", "\n") for name in self.kind.secret_names}
        return {name: value for name, value in given.items() if value}

    @property
    def hosts(self):
        return self.cleaned_data.get("allowed_hosts", "").replace(",", " ").split()

    def show(self, problems):
        """Put the model's words beside the fields they are about."""
        for name, text in problems.items():
            known = next((known for known in (name, f"field_{name}") if known in self.fields), None)
            self.add_error(known, text)


@require_GET
@member_required()
def connection_list(request):
    rows = list(Connection.objects.for_workspace(request.workspace).select_related("token"))
    uses, gates = connecting.uses(request.workspace), {gate.key: gate for gate in gating.shut(request.workspace)}
    for row in rows:
        row.gate = gates.get(gating.key_of(row))
        row.uses, row.standing = uses.get(str(row.pk), []), connecting.standing(row)
    context = {"connections": rows, "types": TYPES.values(), "may_edit": request.membership.may("editor")}
    return page(request, "pages/connection_list.html", **context)


@require_http_methods(["GET", "POST"])
@never_cache
@member_required("editor")
def new_connection(request):
    kind = TYPES.get(request.GET.get("type", ""))
    if kind is None:
        return page(request, "pages/connection_types.html", groups=_grouped_types())
    return _edit(request, kind, None)


@require_http_methods(["GET", "POST"])
@never_cache
@member_required("editor")
def edit_connection(request, connection_id):
    connection = connection_or_404(request, connection_id)
    return _edit(request, connection.kind, connection)


def _edit(request, kind, connection):
    initial = {"name": connection.name, "allowed_hosts": "\n".join(connection.allowed_hosts)} if connection else None
    form = ConnectionForm(request.POST or None, kind=kind, connection=connection, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = connection or Connection(workspace=request.workspace, type=kind.name)
        try:
            problems = connecting.save(
                wanted, request.user, name=form.cleaned_data["name"], config=form.config, secrets=form.secrets,
                allowed_hosts=form.hosts, may_widen=request.membership.may("publisher"),
            )  # fmt: skip
        except connecting.MayNotWiden as error:
            problems = {"allowed_hosts": str(error)}
        if not problems:
            messages.success(request, f"{wanted.name} is saved.")
            return redirect("connection-edit", wanted.pk)
        form.show(problems)
    uses = connecting.uses(request.workspace).get(str(connection.pk), []) if connection else []
    context = {"form": form, "kind": kind, "connection": connection, "uses": uses}
    if connection:
        context["gate"] = gating.gate_of(connection)
        context["secrets"] = [(kind_label, connection.shown_secrets()[name]) for name, kind_label in _secrets(kind)]
        context["standing"] = connecting.standing(connection)
        context["token"] = getattr(connection, "token", None)
    if kind.needs_sign_in:
        context["redirect_uri"] = redirect_uri()
    return page(request, "pages/connection.html", **context)


@require_POST
@member_required("editor")
def test_connection(request, connection_id):
    """One GET with the credentials, to an address of the person's choice."""
    connection = connection_or_404(request, connection_id)
    outcome = connecting.test(connection, request.POST.get("url", ""), request.user)
    (messages.success if outcome.good else messages.error)(request, outcome.words)
    return redirect("connection-edit", connection.pk)


@require_POST
@member_required("editor")
def switch_on_connection(request, connection_id):
    connection = connection_or_404(request, connection_id)
    connecting.switch_on(connection, request.user)
    messages.success(request, f"{connection.name} is on again. What it missed can be sent again.")
    return back(request, "undelivered")


@require_POST
@member_required("editor")
def delete_connection(request, connection_id):
    connection = connection_or_404(request, connection_id)
    try:
        connecting.delete(connection, request.user)
    except connecting.InUse as error:
        messages.error(request, str(error))
        return redirect("connection-edit", connection.pk)
    messages.success(request, f"{connection.name} is deleted, its secrets with it.")
    return redirect("connection-list")


def _secrets(kind):
    return [(declared.name, declared.label) for declared in kind.fields if declared.secret]


def _grouped_types():
    """[(heading, types)]: services by name, then what any API can be asked with."""
    services = sorted((kind for kind in TYPES.values() if not kind.is_general), key=lambda kind: kind.label.lower())
    return [("Services", services), ("Any API", [kind for kind in TYPES.values() if kind.is_general])]


def connection_or_404(request, connection_id):
    found = get_object_or_404(Connection.objects.for_workspace(request.workspace), pk=connection_id)
    if found.type not in TYPES:
        raise Http404
    return found
