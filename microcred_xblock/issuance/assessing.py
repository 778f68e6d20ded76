"""From a changed score on the platform to an assessment, with nobody at the keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from .. import compat
from ..domain.errors import NotReady
from . import awarding, models, outbox, requests, retired, tasks

SOON = timedelta(minutes=2)  # by then the platform has rebuilt its structure of a course that was published


def request(learner_id: str, block_id: str, *, now: datetime) -> int:
    """A score of ``learner_id`` on ``block_id`` changed, or the grade of the subsection ``block_id`` was overridden.

    On commit, stores and enqueues an assessment for each pill that the block is in; how many. One indexed query, and
    nothing else, for a block in no pill. Nothing either while the person of the request masquerades: that is a look
    at the course, not work in it.
    """
    pills = list(
        models.PillBlock.objects.filter(block=models.pair_key(block_id)).values_list("pill_id", flat=True)
    )
    if not pills or compat.answered_in_masquerade(learner_id, block_id):
        return 0
    for pill_id in pills:
        requests.on_commit(_ask, learner_id, pill_id, now)
    return len(pills)


def _ask(learner_id: str, pill_id: str, now: datetime) -> None:
    key = {"learner_pill": models.pair_key(learner_id, pill_id)}
    pk = requests.ask(models.AssessmentRequest.objects, now, key=key, learner_id=learner_id, pill_id=pill_id)
    outbox.enqueue(tasks.assess_learner, pk)


def assess(request_pk: int, *, now: datetime) -> None:
    """Do what a request asks for, and forget it. What fails stays due. Safe in two workers at once.

    A score that came after the account was retired is forgotten at once: nothing of it may wait here.
    """
    row = models.AssessmentRequest.objects.filter(pk=request_pk).first()
    if row is None:
        return
    try:
        again = None if retired.is_marked(row.learner_id) else _assess(row.learner_id, row.pill_id, now)
        if again is not None:
            requests.postpone(row, again)
        elif not requests.done(row):
            outbox.enqueue(tasks.assess_learner, row.pk)
    except Exception as error:  # a platform raises what it likes; the row must not be lost, nor the queue held
        requests.failed(row, error, now)


def wake(pill_ids: Iterable[str], *, now: datetime) -> int:
    """Look again soon at who waits: for a result to be shown, whose date the author may have moved, or for the pill to
    be mended. How many wait. What still fails then is tried again by the first steps of the ladder."""
    return _wake(models.AssessmentRequest.objects.filter(pill_id__in=list(pill_ids)), now)


def connect() -> None:
    """Look again soon at all who wait for a pill to be mended, whenever what pills inherit is changed."""
    for changed in (post_save, post_delete):
        changed.connect(
            _defaults_changed, sender=models.RecognitionDefaults, dispatch_uid="microcred.assessing.defaults"
        )


def _defaults_changed(**_kwargs: Any) -> None:
    _wake(models.AssessmentRequest.objects.filter(error_code=requests.UNREADY), timezone.now())


def _wake(waiting: QuerySet[models.AssessmentRequest], now: datetime) -> int:
    return waiting.filter(due_at__gt=now + SOON).update(due_at=now + SOON, attempts=0)


def _assess(learner_id: str, pill_id: str, now: datetime) -> datetime | None:
    """When to look again: not before the learner may know the result. None if that is all.

    NotReady (``pill-unready``) while the pill has to be mended: what the learner has answered must count then, with
    nobody at the keyboard. A pill that is gone, or asks for nothing yet, is not waited for.
    """
    with compat.load_pill(pill_id) as block:
        pill = block.readable_pill() if block is not None else None
        asks = block is not None and block.assesses()
        course = compat.course_id(block) if block is not None else ""
    if not asks or not compat.may_earn(learner_id, course):
        return None
    if pill is None:
        raise NotReady("The definition of this pill is not complete.", code=requests.UNREADY)
    evidence = compat.platform_evidence(learner_id, pill_id, pill.references)
    until = evidence.concealed_until
    standing = awarding.record_scores(
        pill, evidence.scores, not_given=evidence.not_given, missing=evidence.missing,
        annulled=evidence.annulled, learner_id=learner_id, course_id=course, concealed_until=until, now=now,
    )
    if isinstance(standing.refusal, NotReady):  # the pill has to be mended: the row waits for that
        raise standing.refusal
    return until if until is not None and until > now else None
