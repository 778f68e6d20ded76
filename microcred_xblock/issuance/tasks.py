"""Celery tasks: a row's id in, one call of a service, nothing out. They never raise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import shared_task
from django.utils import timezone

log = logging.getLogger(__name__)


def _quietly(work: Callable[..., None]) -> Callable[..., None]:
    """The last net: services record their failures in the row; what gets through is a bug or a lost database."""

    @wraps(work)
    def wrapper(*ids: Any) -> None:
        try:
            work(*ids)
        except Exception:
            log.exception("%s%r failed; its row stays due.", work.__name__, ids)

    return wrapper


@shared_task(ignore_result=True)
@_quietly
def issue_credential(credential_pk: int) -> None:
    """Sign one credential."""
    from . import issuing

    issuing.issue(credential_pk, now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def issue_award(award_id: Any) -> None:
    """Sign everything of an award that its learner has agreed to."""
    from . import issuing

    issuing.issue_award(str(award_id), now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def deliver_connection(*connection_pks: int) -> None:
    """Send everything that is due through a learner's connection to a wallet, or those of some learners."""
    from . import delivering

    delivering.deliver_due(*connection_pks)


@shared_task(ignore_result=True)
@_quietly
def assess_learner(request_pk: int) -> None:
    """Assess one learner in one pill after a score has changed."""
    from . import assessing

    assessing.assess(request_pk, now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def index_course(request_pk: int) -> None:
    """Bring the index of one course up to date after it was published."""
    from . import indexing

    indexing.index(request_pk, now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def run_bulk(job_id: str) -> None:
    """Go on with an action of staff on many awards."""
    from . import bulk

    bulk.run(job_id)


@shared_task(ignore_result=True)
@_quietly
def close_regrade(case_pk: int) -> None:
    """Close one change of scores whose days of grace are over."""
    from . import regrading

    regrading.close(case_pk, now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def send_notice(notice_pk: int) -> None:
    """Tell one learner something by e-mail."""
    from . import notices

    notices.send(notice_pk, now=timezone.now())


@shared_task(ignore_result=True)
@_quietly
def sweep() -> None:
    """Find rows whose task was lost. Run it every minute."""
    from . import outbox

    outbox.sweep(timezone.now())
