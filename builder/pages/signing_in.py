"""Leaving for another system's sign-in, and coming back from it."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from builder import signing_in
from builder.pages.access import member_required
from builder.pages.connections import connection_or_404
from builder.pages.rendering import page

SAID = {
    "access_denied": "the access was not allowed",
    "invalid_scope": "it does not know the scope that was asked for",
    "redirect_uri_mismatch": "the address to come back to is not entered there",
}


@require_POST
@never_cache
@member_required("editor")
def leave(request, connection_id):
    """A page with the way there: the browser's rules for forms let none of ours lead to another site."""
    connection = connection_or_404(request, connection_id)
    try:
        url = signing_in.begin(connection, request.session)
    except signing_in.CannotSignIn as error:
        messages.error(request, str(error))
        return redirect("connection-edit", connection.pk)
    return page(request, "pages/connection_leaving.html", connection=connection, url=url, host=urlsplit(url).netloc)


@require_GET
@never_cache
@member_required("editor")
def come_back(request):
    """Where the other system sends the browser, with a code or with why there is none."""
    try:
        begun = signing_in.connection_of(request.GET.get("state", ""), request.session)
    except signing_in.CannotSignIn as error:
        messages.error(request, str(error))
        return redirect("connection-list")
    connection = connection_or_404(request, begun["connection"])
    try:
        if wrong := request.GET.get("error"):
            why = SAID.get(wrong, f"{wrong[:80]} {request.GET.get('error_description', '')[:200]}".strip())
            raise signing_in.CannotSignIn(f"{connection.name} is not signed in: {why}.")
        signing_in.finish(connection, begun, request.GET.get("code", ""), request.user)
    except signing_in.CannotSignIn as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{connection.name} is signed in. Its access is renewed by itself.")
    return redirect("connection-edit", connection.pk)
