import importlib
import pkgutil

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Everything that reaches the outside world: connections, the one HTTP door, vendors' receivers, node types."""

    name = "integrations"
    verbose_name = "Integrations"

    def ready(self):
        """Plug into the floor below: receivers by name; node types and services register by being imported."""
        import integrations.api_request  # each registers itself
        import integrations.chat_updates
        import integrations.code
        import integrations.data.nodes
        import integrations.data.query
        import integrations.oauth_types
        import integrations.services
        from integrations.chat_ai import judge
        from integrations.connections import resolve
        from integrations.receivers import all_receivers
        from runtime import reaching_out

        for module in pkgutil.iter_modules(integrations.services.__path__):
            importlib.import_module(f"integrations.services.{module.name}")
        reaching_out.register_connections(resolve)
        reaching_out.register_judge(judge)
        for receiver in all_receivers():
            reaching_out.register_receiver(receiver.name, receiver)
