"""Wiring of every address. The machine doors (`runtime.door`) stand first: they are the hot path."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from builder import problems
from builder.pages.access import member_required
from builder.pages.api_docs import ApiDocs
from runtime.door import urlpatterns as doors
from runtime.health import healthz, readyz
from runtime.metrics import metrics

# The two redirects: whoever cuts the address of a flow or of a setting short comes somewhere.
urlpatterns = [
    *doors,
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/v1/", include("builder.urls_api")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", member_required("viewer")(ApiDocs.as_view(url_name="schema")), name="api-docs"),
    path("admin/", admin.site.urls),
    path("flows/", RedirectView.as_view(pattern_name="flow-list")),
    path("settings/", RedirectView.as_view(pattern_name="preferences")),
    path("", include("builder.urls_pages")),
]
handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
