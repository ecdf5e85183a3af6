"""Rendering a page with what the frame around it needs."""

from django.shortcuts import render

from builder.pages.preferring import preferences_of


def page(request, template, /, status=200, **context):
    """Answer with a page of the signed-in part: adds the person's theme and key preference."""
    preferences = preferences_of(request)
    context |= {"theme": preferences["theme"], "single_keys": preferences["single_keys"]}
    return render(request, template, context, status=status)
