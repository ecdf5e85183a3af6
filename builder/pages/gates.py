"""The gate of a connection on its page: limits to set, a breaker to reset."""

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from builder import gating
from builder.pages.access import member_required
from builder.pages.connections import connection_or_404
from builder.pages.flow_list import back
from runtime.models import Gate

UNFIT = (
    f"Limits are whole numbers: 1 to {gating.MOST_AT_ONCE:,} requests at once, 1 to {gating.HIGHEST_RATE:,} in each "
    f"second or minute, empty for none; 0 to {gating.MOST_FAILURES:,} failures, 0 for never."
)


class LimitsForm(forms.Form):
    """Empty is no limit."""

    at_once = forms.IntegerField(required=False, min_value=1, max_value=gating.MOST_AT_ONCE)
    rate = forms.IntegerField(required=False, min_value=1, max_value=gating.HIGHEST_RATE)
    per = forms.TypedChoiceField(choices=[(1, "second"), (60, "minute")], coerce=int)
    opens_after = forms.IntegerField(min_value=0, max_value=gating.MOST_FAILURES)


@require_POST
@member_required("editor")
def set_limits(request, connection_id):
    connection = connection_or_404(request, connection_id)
    form = LimitsForm(request.POST)
    if form.is_valid():
        gating.set_limits(connection, request.user, **form.cleaned_data)
        messages.success(request, "The limits hold for every worker from now on.")
    else:
        messages.error(request, UNFIT)
    return redirect("connection-edit", connection.pk)


@require_POST
@member_required("editor")
def reset_gate(request, gate_id):
    gate = get_object_or_404(Gate.objects.for_workspace(request.workspace), pk=gate_id)
    gating.reset(gate, request.user)
    messages.success(request, f"{gate.name} is asked again; who waited for it goes on.")
    return back(request, "dashboard")
