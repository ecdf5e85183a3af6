import importlib
import pkgutil

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Accepts, drives, pauses, resumes and records runs."""

    name = "runtime"
    verbose_name = "Runtime"

    def ready(self):
        """Node types register by being imported: every module of `runtime.nodes`, then third parties' entry points."""
        from importlib.metadata import entry_points

        import runtime.nodes

        for module in pkgutil.iter_modules(runtime.nodes.__path__):
            importlib.import_module(f"runtime.nodes.{module.name}")
        for entry in entry_points(group="segue.nodes"):
            entry.load()
