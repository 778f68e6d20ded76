"""What the servers' logs leave out."""

from __future__ import annotations

import logging
import re
from typing import Any

_QUERY = re.compile(r"\?\S*")


class WithoutQuery(logging.Filter):
    """Request lines keep their path only: queries carry authorisation codes and states."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, with its texts shortened."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shortened(value) for value in record.args)
        return True


def _shortened(value: Any) -> Any:
    return _QUERY.sub("", value) if isinstance(value, str) else value


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_query": {"()": "microcred_xblock.workbench.logs.WithoutQuery"}},
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "access": {"format": "{asctime} {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
        "access": {"class": "logging.StreamHandler", "formatter": "access", "filters": ["without_query"]},
    },
    "loggers": {"django.server": {"handlers": ["access"], "level": "INFO", "propagate": False}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
