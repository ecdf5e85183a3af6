from django.apps import AppConfig


class BuilderConfig(AppConfig):
    """The top floor: editor, drafts, publishing, pages; also the Django project package."""

    name = "builder"
    verbose_name = "Builder"

    def ready(self):
        from django.conf import settings

        from builder import checks  # noqa: F401  registers the system checks
        from builder.counting import keep_up
        from builder.crash_reporting import report_to
        from builder.pruning import prune
        from integrations.endpoints import tell_owners_of_all
        from runtime.clock import every_hour
        from runtime.conversing import end_idle

        every_hour(end_idle)
        every_hour(prune)
        every_hour(keep_up)
        every_hour(tell_owners_of_all)
        if settings.SENTRY_DSN:
            report_to(settings.SENTRY_DSN)
