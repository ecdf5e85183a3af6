from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Everything that reaches the outside world: connections, the one HTTP door, vendors' receivers, node types."""

    name = "integrations"
    verbose_name = "Integrations"

    def ready(self):
        """Plug into the floor below: receivers by name (node types register by being imported)."""
        from integrations.receivers import all_receivers
        from runtime import reaching_out

        for receiver in all_receivers():
            reaching_out.register_receiver(receiver.name, receiver)
