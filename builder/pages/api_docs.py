"""The page of the API, drawn by Swagger UI."""

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView

from builder.pages.preferring import preferences_of


class ApiDocs(SpectacularSwaggerSplitView):
    """The page in the person's theme; with `?script` what starts Swagger UI, which has no theme."""

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        response = super().get(request, *args, **kwargs)
        response.data["theme"] = preferences_of(request)["theme"]
        return response
