"""Wiring of every address. The machine doors (`runtime.door`) stand first: they are the hot path."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from builder import problems
from builder.pages.access import member_required
from runtime.door import urlpatterns as doors
from runtime.health import healthz, readyz
from runtime.metrics import metrics

urlpatterns = [
    *doors,
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/v1/", include("builder.urls_api")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/", member_required("viewer")(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="api-docs"
    ),
    path("admin/", admin.site.urls),
    path("", include("builder.urls_pages")),
]
handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
