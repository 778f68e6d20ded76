"""The archive of an award by e-mail, where the admin allows it: to the address of the learner's own account only.

What is asked for is a notice (see ``notices``), which the page shows and the outbox sends; its kind says how far it is.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.utils import translation

from .. import compat
from ..domain.errors import NotAllowed
from . import conf, downloads, models, notices, rates

QUEUED, SENT, UNSENT = "files-queued", "files-sent", "files-unsent"
KINDS = (QUEUED, SENT, UNSENT)
SCOPE = "mail"
_State = models.Notice.State


def allowed() -> bool:
    """Whether the admin allows it, and accounts with addresses are to be had."""
    return conf.setting("MICROCRED_MAIL_FILES") is True and compat.platform() == compat.LMS


def ask(award_row: models.Award, *, now: datetime) -> models.Notice:
    """Send the archive soon. While one is on its way, another is not.

    NotAllowed: ``mail-off``, ``mail-address``, ``mail-rate``, and those of ``downloads.check``.
    """
    if not allowed():
        raise NotAllowed("This site sends no files by e-mail.", code="mail-off")
    downloads.check(award_row, downloads.BUNDLE)
    if _address(award_row) is None:
        raise NotAllowed("The account has no address that could be used.", code="mail-address")
    waiting = award_row.notices.filter(kind=QUEUED, state=_State.QUEUED).first()
    if waiting is not None:
        return waiting
    if rates.exceeded(SCOPE, award_row.learner_id):
        raise NotAllowed("Too many messages.", code="mail-rate")
    notices.replace(award_row, *KINDS, now=now)
    return notices.enqueue(models.Notice.objects.create(
        award=award_row, kind=QUEUED, key=models.pair_key(QUEUED, str(award_row.pk), uuid4().hex), created_at=now,
        state=_State.QUEUED, next_attempt_at=now,
    ))


def send(notice: models.Notice) -> bool:
    """Whether it was sent: not what may not be given out any more, nor to somebody without a usable account."""
    found = _address(notice.award) if allowed() else None
    if found is None or notice.award.retired_at is not None:
        return False
    address, language = found
    try:
        with translation.override(language):
            file = downloads.download(notice.award, downloads.BUNDLE, language=language)
    except NotAllowed:
        return False
    message = notices.message(notice, "files-mail", language, address)
    message.attach(file.filename, file.content, file.media_type)
    message.send()
    return True


def outcome(kind: str, sent: bool) -> str:
    """What a notice of ``kind`` tells once it is done with."""
    return kind if kind not in KINDS else SENT if sent else UNSENT


def _address(award_row: models.Award) -> tuple[str, str] | None:
    """Address and language of the award's own account."""
    account = compat.account(award_row.learner_id)
    if account is None or not account.active or not account.email:
        return None
    return account.email, account.language or compat.language()
