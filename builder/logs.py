"""Log lines: readable on a terminal, JSON where LOG_FORMAT=json; run ids are bound by the runner through structlog."""

import logging.config

import structlog


def configure(options):
    """Django's LOGGING_CONFIG hook; `options` is settings.LOGGING = {"format": "text" | "json"}."""
    before = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = structlog.processors.JSONRenderer() if options["format"] == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": before,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        last,
                    ]
                    if options["format"] == "json"
                    else [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
                }
            },
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
            "loggers": {
                "segue": {"level": "INFO"},
                "django.request": {"level": "ERROR"},
                "django_q": {"level": "WARNING"},
                "django-q": {"level": "WARNING"},
            },
        }
    )
