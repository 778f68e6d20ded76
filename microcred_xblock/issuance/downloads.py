"""Files for the learner to take home, made from the signed bytes."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language

from ..credentials import badge_image, baking
from ..domain.credential import Format
from ..domain.errors import InvalidAnswer, NotAllowed
from ..domain.pill import BadgeImage, LearningPill
from . import awarding, bundling, issuing, models
from .data import Download

BUNDLE = "bundle.zip"
FORMATS = {  # what must be issued for each kind
    "ob3.json": Format.OPEN_BADGE, "ob3.jwt": Format.OPEN_BADGE_JWT, "ob3.png": Format.OPEN_BADGE,
    "ob3.svg": Format.OPEN_BADGE, "elm.jsonld": Format.ELM, BUNDLE: Format.OPEN_BADGE,
}
KINDS = tuple(FORMATS)


def download(award_row: models.Award, kind: str, *, language: str = "") -> Download:
    """The file of that kind; ``language`` of its texts, else that of the request.

    InvalidAnswer (``download-kind``), NotAllowed (``consent-missing``, ``not-issued``).
    """
    signed = check(award_row, kind)
    row = signed[FORMATS[kind]]
    pill = awarding.award_of(award_row).pill
    stem = slugify(pill.title)[:60].strip("-") or "credential"
    if kind == BUNDLE:
        content = bundling.bundle(
            award_row, signed, _image(pill), language=language or get_language() or "en", now=timezone.now()
        )
        return Download(filename=f"{stem}-archive.zip", media_type="application/zip", content=content)
    media_type, content = row.media_type, bytes(row.content)
    if kind in _BAKED:
        media_type, bake = _BAKED[kind]
        content = bake(_image(pill), content.decode("utf-8"))
    return Download(
        filename=f"{stem}-{'european-credential' if kind.startswith('elm') else 'open-badge'}.{kind.split('.')[1]}",
        media_type=media_type, content=content,
    )


def check(award_row: models.Award, kind: str) -> dict[Format, models.Credential]:
    """What is issued of the award, if the file of that kind can be had; errors as those of ``download``."""
    if kind not in FORMATS:
        raise InvalidAnswer("There is no such file.", code="download-kind")
    if not issuing.may_process(award_row.pk):
        raise NotAllowed("Nothing is given out without your consent.", code="consent-missing")
    rows = award_row.credentials.filter(state=models.Credential.State.ISSUED).order_by("pk")
    signed = {Format(row.format): row for row in rows}
    if FORMATS[kind] not in signed:
        raise NotAllowed("The credential is not issued yet: try again in a moment.", code="not-issued")
    return signed


def _image(pill: LearningPill) -> BadgeImage:
    return pill.image or badge_image.default_image(pill.title, pill.recognition.eqf_level, pill.language)


def _png(image: BadgeImage, text: str) -> bytes:
    return baking.bake_png(badge_image.to_png(image), text)


def _svg(image: BadgeImage, text: str) -> bytes:
    return baking.bake_svg(badge_image.to_svg(image), text)


_BAKED: dict[str, tuple[str, Callable[[BadgeImage, str], bytes]]] = {
    "ob3.png": ("image/png", _png), "ob3.svg": ("image/svg+xml", _svg),
}
