"""What a learner is told of an award: rows that a page shows, and that are sent by e-mail where the admin wants it.

A notice is stored in the transaction of what it tells of, so neither is without the other. It is sent once: only a
worker that dies between handing the message to the mail server and writing that down makes the next one send it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db.models import F, Q
from django.template.loader import render_to_string

from .. import compat, notice_texts
from ..domain.errors import MicrocredError, NotAllowed
from ..translation import Translator
from . import conf, holding, models, outbox

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than any mail server is waited for
LIMIT = 500
_State = models.Notice.State
_Action = models.StatusChange.Action
_KINDS = {
    _Action.SUSPEND: "suspended", _Action.REVOKE: "revoked", _Action.REINSTATE: "reinstated",
    _Action.SUPERSEDE: "superseded",
}
# What a change of standing makes untrue; "renewal-offered" stands until it is taken or itself revoked.
_OUTDATED = ("score-change", "score-settled", "suspended", "revoked", "reinstated", "expires-soon", "expired")


def tell(
    award: models.Award, kind: str, *, key: str, params: Mapping[str, Any], now: datetime
) -> models.Notice | None:
    """Store a notice and, where the admin wants e-mail, enqueue it. The same ``key`` twice is one notice.

    Nobody is told of an award whose learner has left the platform: None.
    """
    if award.retired_at is not None:
        return None
    mailed = bool(conf.setting("MICROCRED_NOTICE_EMAIL"))
    notice, made = models.Notice.objects.get_or_create(
        key=models.pair_key(kind, str(award.pk), key),
        defaults={
            "award": award, "kind": kind, "params": dict(params), "created_at": now,
            "state": _State.QUEUED if mailed else _State.SHOWN, "next_attempt_at": now if mailed else None,
        },
    )
    if made and mailed:
        _enqueue(notice.pk)
    return notice


def tell_change(change_pk: int, *, aloud: bool = True) -> models.Notice | None:
    """Tell of a change of standing; call it in the transaction that made it. What it makes untrue is taken down.

    ``aloud`` is False where the learner is told of another award that was changed along with this one.
    """
    change = models.StatusChange.objects.select_related("award").get(pk=change_pk)
    kind, award = _KINDS.get(models.StatusChange.Action(change.action)), change.award
    if kind is None:
        return None
    replace(award, *_OUTDATED, now=change.at)
    pending = kind != "superseded" and award.supersedes_id is not None and holding.untouched(award)
    if kind == "superseded":
        replace(award, "renewal-offered", now=change.at)
        models.Notice.objects.filter(award__supersedes=award, kind="renewal-offered", dismissed_at=None).update(
            dismissed_at=change.at
        )
    elif pending and kind == "reinstated":
        _offer_again(award)
    elif pending or not aloud:
        replace(award, "renewal-offered", now=change.at)
    if pending or not aloud:
        return None  # nobody holds it: the learner hears of the credential it was to replace
    params: dict[str, Any] = {"reason": change.reason, "automatic": change.actor == "system"}
    if kind == "revoked":
        params["regain"] = award.regain
    elif kind == "suspended":
        params["in_badge"] = holding.suspension_in_badge(award)
    return tell(award, kind, key=str(change.pk), params=params, now=change.at)


def _offer_again(award: models.Award) -> None:
    """Put the offer of a new credential back on the page."""
    offer = models.Notice.objects.filter(award=award, kind="renewal-offered").order_by("-pk").first()
    if offer is not None:
        models.Notice.objects.filter(pk=offer.pk).update(dismissed_at=None)


def undeliverable(warning: models.Notice) -> bool:
    """Whether a warning that was to be sent could not be, and has not been repeated yet."""
    mailed = bool(conf.setting("MICROCRED_NOTICE_EMAIL"))
    return mailed and warning.state == _State.DEAD and not warning.params.get("again")


def replace(award: models.Award, *kinds: str, now: datetime) -> None:
    """Take notices of these kinds down from the page: something newer is said instead."""
    models.Notice.objects.filter(award=award, kind__in=kinds, dismissed_at=None).update(dismissed_at=now)


def dismiss(award: models.Award, notice_pk: int, *, now: datetime) -> None:
    """The learner has read it. NotAllowed (``notice-unknown``) for one of another award."""
    own = models.Notice.objects.filter(
        Q(award_id__in=(award.pk, award.supersedes_id)) | Q(award__supersedes_id=award.pk), pk=notice_pk
    )
    if not own.exists():
        raise NotAllowed("There is no such notice.", code="notice-unknown")
    own.filter(dismissed_at=None).update(dismissed_at=now)


def send_due(now: datetime) -> int:
    """Hand over what waits to be sent and was not handed over a while ago; how many."""
    from . import tasks

    until = now + outbox.HANDED_OVER
    unmarked = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    due = models.Notice.objects.filter(unmarked, state=_State.QUEUED, next_attempt_at__lte=now)
    waiting = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:LIMIT])
    models.Notice.objects.filter(pk__in=waiting).update(leased_until=until)
    outbox.hand_over_all(
        tasks.send_notice, waiting,
        lambda left: models.Notice.objects.filter(pk__in=left, leased_until=until).update(leased_until=None),
    )
    return len(waiting)


def send(notice_pk: int, *, now: datetime) -> None:
    """Send one notice; does nothing for one that is sent, not due, or in another worker's hands. Never raises."""
    free = models.Notice.objects.filter(pk=notice_pk, state=_State.QUEUED, next_attempt_at__lte=now)
    taken = {"next_attempt_at": now + LEASE, "leased_until": None, "attempts": F("attempts") + 1}
    if not free.update(**taken):  # one UPDATE, which only one can win
        return
    notice = models.Notice.objects.select_related("award__pill").get(pk=notice_pk)
    mine = models.Notice.objects.filter(pk=notice_pk, state=_State.QUEUED, attempts=notice.attempts)
    from . import mailing

    try:
        sent = mailing.send(notice) if notice.kind in mailing.KINDS else _send(notice)
    except Exception as error:  # a mail server and a platform raise what they like; the row must not be lost
        _note_failure(mine, notice, error, now)
        return
    mine.update(
        state=_State.SENT if sent else _State.SHOWN, sent_at=now if sent else None, next_attempt_at=None,
        error_code="", error_class="", kind=mailing.outcome(notice.kind, sent),
    )


def enqueue(notice: models.Notice) -> models.Notice:
    """Have a stored notice sent; gives it back."""
    _enqueue(notice.pk)
    return notice


def _enqueue(pk: int) -> None:
    from . import tasks

    outbox.enqueue(tasks.send_notice, pk)


def _send(notice: models.Notice) -> bool:
    """Whether it was sent: not to somebody without a usable account, nor when it is no longer true."""
    if notice.dismissed_at is not None or notice.award.retired_at is not None:
        return False
    account = compat.account(notice.award.learner_id)
    if account is None or not account.active or not account.email:
        return False
    message(notice, notice.kind, account.language or compat.language(), account.email).send()
    return True


def message(notice: models.Notice, kind: str, language: str, address: str) -> EmailMultiAlternatives:
    """The message about a notice, in the words of ``kind``; not sent yet."""
    pill, translator = notice.award.pill, Translator(language)
    words = notice_texts.words(kind, notice.params, translator)
    date = notice.params.get("date")
    shown = {
        "words": words, "title": pill.title, "link": _link(notice.award),
        "language": translator.language, "direction": translator.direction,
        "pill_language": pill.content.get("language", ""), "pill": translator.gettext(notice_texts.PILL),
        "day": translator.gettext(notice_texts.DAY), "open": translator.gettext(notice_texts.OPEN),
        "date": translator.moment(datetime.fromisoformat(date)) if date else "",
    }
    subject = f"{words.title}: {pill.title}"
    made = EmailMultiAlternatives(
        " ".join(subject.split())[:200], render_to_string("microcred/mail/notice.txt", shown), to=[address]
    )
    made.attach_alternative(render_to_string("microcred/mail/notice.html", shown), "text/html")
    return made


def _link(award: models.Award) -> str:
    """The pill's page in its course."""
    if award.course_id.startswith("course-v1:"):
        return f"{conf.public_base_url()}/courses/{award.course_id}/jump_to/{award.pill.pill_id}"
    return f"{conf.public_base_url()}/"


def _note_failure(mine: Any, notice: models.Notice, error: Exception, now: datetime) -> None:
    from . import mailing

    unreachable = isinstance(error, SMTPException | OSError)
    if not unreachable and not isinstance(error, MicrocredError):
        log.exception("Notice %s could not be sent.", notice.pk)
    later = outbox.next_attempt(notice.attempts, now)
    mine.update(
        state=_State.QUEUED if later else _State.DEAD, next_attempt_at=later,
        kind=notice.kind if later else mailing.outcome(notice.kind, False),
        error_code="mail-unreachable" if unreachable else getattr(error, "code", "internal"),
        error_class="unreachable" if unreachable else outbox.error_class(error),
    )
