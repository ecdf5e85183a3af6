"""Log lines: readable on a terminal, JSON where LOG_FORMAT=json; run ids are bound by the runner through structlog."""

import logging.config
from typing import Any

import structlog

LEVELS = {
    "segue": {"level": "INFO"},
    "django.request": {"level": "ERROR"},
    "django_q": {"level": "WARNING"},
    "django-q": {"level": "WARNING"},
}


def configure(options):
    """Django's LOGGING_CONFIG hook; `options` is settings.LOGGING = {"format": "text" | "json"}."""
    before = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_standard_logging(before, _last_processors(options["format"])))


def _last_processors(format: str) -> list[Any]:
    """What makes a line of what is known; a traceback is a part of the line's JSON, and drawn on a terminal."""
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if format == "json":
        return [without_meta, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [without_meta, structlog.dev.ConsoleRenderer()]


def _standard_logging(before: list[Any], last: list[Any]) -> dict[str, Any]:
    """What libraries log through `logging` becomes lines like ours."""
    line = {"()": structlog.stdlib.ProcessorFormatter, "foreign_pre_chain": before, "processors": last}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": LEVELS,
    }
