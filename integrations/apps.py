from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Everything that reaches the outside world: connections, the one HTTP door, vendors' receivers, node types."""

    name = "integrations"
    verbose_name = "Integrations"

    def ready(self):
        """Plug into the floor below: receivers by name (node types register by being imported)."""
        import integrations.api_request  # noqa: F401  registers itself
        from integrations.connections import resolve
        from integrations.receivers import all_receivers
        from runtime import reaching_out

        reaching_out.register_connections(resolve)
        for receiver in all_receivers():
            reaching_out.register_receiver(receiver.name, receiver)
