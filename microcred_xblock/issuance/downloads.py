"""Files for the learner to take home, made from the signed bytes."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.text import slugify

from ..credentials import badge_image, baking
from ..domain.credential import Format
from ..domain.errors import InvalidAnswer, NotAllowed
from ..domain.pill import BadgeImage, LearningPill
from . import awarding, issuing, models
from .data import Download

FORMATS = {
    "ob3.json": Format.OPEN_BADGE, "ob3.jwt": Format.OPEN_BADGE_JWT, "ob3.png": Format.OPEN_BADGE,
    "ob3.svg": Format.OPEN_BADGE, "elm.jsonld": Format.ELM,
}
KINDS = tuple(FORMATS)


def download(award_row: models.Award, kind: str) -> Download:
    """The file of that kind. InvalidAnswer (``download-kind``), NotAllowed (``consent-missing``, ``not-issued``)."""
    if kind not in FORMATS:
        raise InvalidAnswer("There is no such file.", code="download-kind")
    if not issuing.may_process(award_row.pk):
        raise NotAllowed("Nothing is given out without your consent.", code="consent-missing")
    row = award_row.credentials.filter(format=FORMATS[kind].value, state=models.Credential.State.ISSUED).first()
    if row is None:
        raise NotAllowed("The credential is not issued yet: try again in a moment.", code="not-issued")
    pill = awarding.award_of(award_row).pill
    media_type, content = row.media_type, bytes(row.content)
    if kind in _BAKED:
        media_type, bake = _BAKED[kind]
        content = bake(_image(pill), content.decode("utf-8"))
    stem = slugify(pill.title)[:60].strip("-") or "credential"
    return Download(
        filename=f"{stem}-{'european-credential' if kind.startswith('elm') else 'open-badge'}.{kind.split('.')[1]}",
        media_type=media_type, content=content,
    )


def _image(pill: LearningPill) -> BadgeImage:
    return pill.image or badge_image.default_image(pill.title, pill.recognition.eqf_level, pill.language)


def _png(image: BadgeImage, text: str) -> bytes:
    return baking.bake_png(badge_image.to_png(image), text)


def _svg(image: BadgeImage, text: str) -> bytes:
    return baking.bake_svg(badge_image.to_svg(image), text)


_BAKED: dict[str, tuple[str, Callable[[BadgeImage, str], bytes]]] = {
    "ob3.png": ("image/png", _png), "ob3.svg": ("image/svg+xml", _svg),
}
