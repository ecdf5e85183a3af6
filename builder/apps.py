from django.apps import AppConfig


class BuilderConfig(AppConfig):
    """The top floor: editor, drafts, publishing, pages; also the Django project package."""

    name = "builder"
    verbose_name = "Builder"

    def ready(self):
        from builder import checks  # noqa: F401  registers the system checks
