"""``microcred_sweep``: remind the workers of everything that is due. Run it every minute, from cron or Celery beat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ... import outbox


class Command(BaseCommand):
    """See the module."""

    help = "Enqueue credentials and deliveries whose task was lost or whose waiting time is over."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """One sweep."""
        count = outbox.sweep(timezone.now())
        self.stdout.write("1 task handed over" if count == 1 else f"{count} tasks handed over")
