"""What other code on this site may listen to: plain Django signals, sent once what they tell of is committed.

Each carries one row's primary key as ``pk`` and nothing else. They are sent robustly: a receiver that fails is logged
and hinders neither the others nor the work that sent them. For code of other processes and other packages there are
the events of ``events``, which say the same in the platform's manner.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

award_made = Signal()  # pk: models.Award
award_status_changed = Signal()  # pk: models.StatusChange
credential_issued = Signal()  # pk: models.Credential
credential_delivered = Signal()  # pk: models.Delivery


def send(signal: Signal, pk: Any) -> None:
    """Send ``signal`` with ``pk`` when the current transaction is committed; never if it is undone.

    Call it only where a conditional UPDATE or an INSERT has just won, in the same transaction where there is one: then
    a task that is repeated does not tell of the same thing twice.
    """
    transaction.on_commit(lambda: signal.send_robust(sender=None, pk=pk), robust=True)
