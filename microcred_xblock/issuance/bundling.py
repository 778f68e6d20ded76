"""The archive that outlives the issuer: everything about one award, and a page that checks it without a network."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language_info

from .. import bundle_texts
from ..credentials import archive, badge_image, baking, certificate_pdf, offline_page, pinned, wording
from ..domain.credential import Format
from ..domain.errors import MicrocredError
from ..domain.pill import BadgeImage, LearningPill
from ..proofs.did import did_web_url
from ..translation import Translator
from . import awarding, issuers, models, places, status, status_publishing

log = logging.getLogger(__name__)

LANGUAGES = ("en", "fr", "ar")  # those that the texts are complete in
_NAMES = {
    Format.OPEN_BADGE: "open-badge.json", Format.OPEN_BADGE_JWT: "open-badge.jwt",
    Format.ELM: "european-credential.jsonld",
}
_Purpose = models.SigningKey.Purpose


@dataclass(frozen=True, kw_only=True)
class _Source:
    """What an archive is made of, read once. ``signed`` has at least the badge."""

    row: models.Award
    pill: LearningPill
    badge: dict[str, Any] = field(repr=False)
    signed: Mapping[Format, models.Credential] = field(repr=False)
    did: Mapping[str, Any] = field(repr=False)
    lists: Mapping[str, tuple[str, bytes]] = field(repr=False)  # by address: name and bytes
    image: BadgeImage = field(repr=False)
    speaker: Translator = field(repr=False)
    now: datetime

    @property
    def page_url(self) -> str:
        """The page that tells what the credential is worth."""
        return places.verification(status.uuid_of(self.badge["id"]))

    @property
    def issuer(self) -> str:
        """The issuer's name as the badge has it."""
        return self.badge["issuer"]["name"]


def bundle(
    award_row: models.Award, signed: Mapping[Format, models.Credential], image: BadgeImage, *, language: str,
    now: datetime,
) -> bytes:
    """The zip archive of an award whose badge is among ``signed``. Equal rows, language and ``now`` give equal bytes.

    It is dated like the badge's signature. Lacks the status list if none can be signed now, and the page to print if
    the package's fonts cannot write it; the README names what is there.
    """
    source = _read(award_row, signed, image, language, now)
    files = _files(source)
    files = {"README.txt": _readme(source, [*files, "manifest.json"]).encode("utf-8"), **files}
    listed = {name: {"sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    for url in _contexts(source):
        path, _content = pinned.context(url)
        listed[path].update({"url": url, **{name: pinned.files()[path][name] for name in ("origin", "licence")}})
    manifest = {"made_at": wording.instant(now), "files": listed}
    signed_at = signed[Format.OPEN_BADGE].signed_at or now
    return archive.packed({**files, "manifest.json": _json(manifest)}, at=signed_at)


def _read(
    award_row: models.Award, signed: Mapping[Format, models.Credential], image: BadgeImage, language: str,
    now: datetime,
) -> _Source:
    badge = json.loads(bytes(signed[Format.OPEN_BADGE].content))
    did = badge["issuer"]["id"]
    nothing = {"id": did, "verificationMethod": [], "assertionMethod": []}  # every key of it was withdrawn
    chosen = language if language in LANGUAGES else language.partition("-")[0]
    return _Source(
        row=award_row, pill=awarding.award_of(award_row).pill, badge=badge, signed=signed,
        did=issuers.did_document(did) or nothing, lists=_lists(award_row, now), image=image,
        speaker=Translator(chosen if chosen in LANGUAGES else "en"), now=now,
    )


def _lists(award_row: models.Award, now: datetime) -> dict[str, tuple[str, bytes]]:
    """The signed list that the badge's entry names, as it stands now."""
    entry = models.StatusEntry.objects.filter(award=award_row).first()
    if entry is None:
        return {}
    try:
        found = status_publishing.signed_list(entry.list_id, entry.purpose, now=now)
    except MicrocredError as error:
        log.warning("An archive is given out without a status list: %s", error.code)
        return {}
    return {places.status_list(entry.list_id, entry.purpose): (f"status/{entry.purpose}.json", found.content)}


def _files(source: _Source) -> dict[str, bytes]:
    texts = {_NAMES[form]: bytes(row.content) for form, row in source.signed.items()}
    badge = texts[_NAMES[Format.OPEN_BADGE]].decode("utf-8")
    files = {"verify.html": _page(source, texts), **texts}
    files["open-badge.png"] = baking.bake_png(badge_image.to_png(source.image), badge)
    files["open-badge.svg"] = baking.bake_svg(badge_image.to_svg(source.image), badge)
    certificate = certificate_pdf.draw(_certificate(source))
    if certificate is not None:
        files["certificate.pdf"] = certificate
    files["did.json"] = _json(source.did)
    files.update(source.lists.values())
    files.update(map(pinned.context, _contexts(source)))
    return files


def _contexts(source: _Source) -> list[str]:
    """The addresses of the pinned contexts that the badge and the lists use."""
    used = (source.badge, *(json.loads(content) for _name, content in source.lists.values()))
    urls = dict.fromkeys(url for document in used for url in document["@context"])
    return [url for url in urls if pinned.context(url) is not None]


def _page(source: _Source, texts: Mapping[str, bytes]) -> bytes:
    lists = {url: json.loads(content) for url, (_name, content) in source.lists.items()}
    elm = source.signed.get(Format.ELM)
    sealed = Q(uses__subject=elm.credential_id) if elm is not None else Q(issuer__did=source.did["id"])
    keys = models.SigningKey.objects.filter(
        sealed | Q(issuer__did=source.did["id"]), purpose=_Purpose.SEAL, withdrawn_at__isnull=True
    )
    return offline_page.build(offline_page.OfflineArchive(
        title=source.pill.title, issuer=source.issuer, language=source.speaker.language,
        languages={code: get_language_info(code)["name_local"].capitalize() for code in LANGUAGES},
        right_to_left=[code for code in LANGUAGES if get_language_info(code)["bidi"]],
        texts={code: _said(bundle_texts.PAGE, Translator(code)) for code in LANGUAGES},
        no_script=source.speaker.gettext(bundle_texts.NO_SCRIPT), made_at=source.now, did_document=source.did,
        did_url=did_web_url(source.did["id"]), page_url=source.page_url,
        files={name: content.decode("utf-8") for name, content in texts.items()}, lists=lists,
        seal_keys=[row.public_jwk for row in keys.distinct().order_by("pk")],
        contexts={url: pinned.context(url)[1] for url in _contexts(source)},
        context_lists=[document["@context"] for document in (source.badge, *lists.values())],
    ))


def _certificate(source: _Source) -> certificate_pdf.Certificate:
    """The page to print, in the pill's language where the texts have it."""
    award, pill = awarding.award_of(source.row), source.pill
    language = wording.primary(pill.language)
    speaker = Translator(language if language in LANGUAGES else "en")
    achieved = {result.outcome_id for result in award.results if result.achieved}
    elm = source.signed.get(Format.ELM)
    return certificate_pdf.Certificate(
        **_said(bundle_texts.CERTIFICATE, speaker), language=speaker.language,
        right_to_left=speaker.direction == "rtl", title=pill.title, name=_holder(elm) if elm is not None else "",
        outcomes=[outcome.title for outcome in pill.outcomes if outcome.id in achieved],
        facts=list(_facts(source, speaker)), issuer=source.issuer, badge=badge_image.to_png(source.image),
        url=source.page_url, issued_at=source.signed[Format.OPEN_BADGE].signed_at or source.now,
    )


def _holder(elm: models.Credential) -> str:
    """The learner's name, which stands in the European Digital Credential alone."""
    subject = json.loads(json.loads(bytes(elm.content))["payload"])["credentialSubject"]
    return next(iter(subject["fullName"].values()), "")


def _facts(source: _Source, speaker: Translator) -> Iterable[tuple[str, str]]:
    given, _ = source.pill.recognition, speaker.gettext
    yield _(bundle_texts.AWARDED_ON), speaker.date(source.row.awarded_at)
    if source.row.expires_at is not None:
        yield _(bundle_texts.VALID_UNTIL), speaker.date(source.row.expires_at)
    if given.eqf_level is not None:
        yield _(bundle_texts.LEVEL), _(bundle_texts.LEVEL_EQF).format(level=given.eqf_level)
    if given.workload_hours is not None:
        hours = speaker.number(given.workload_hours)
        yield _(bundle_texts.WORKLOAD), _(bundle_texts.WORKLOAD_HOURS).format(hours=hours)
    if given.ects is not None:
        yield _(bundle_texts.ECTS), speaker.number(given.ects)


def _readme(source: _Source, names: Iterable[str]) -> str:
    """Plain text for people, in the learner's language."""
    _, speaker = source.speaker.gettext, source.speaker
    issued = speaker.moment(source.signed[Format.OPEN_BADGE].signed_at or source.now)
    made = speaker.moment(source.now)
    shown = list(dict.fromkeys(name.partition("/")[0] + "/" if "/" in name else name for name in names))
    contents = [f"  {name}: {_(bundle_texts.FILES[name])}" for name in shown]
    paragraphs = (
        _(bundle_texts.README_TITLE), f"{source.pill.title}\n{source.issuer}", _(bundle_texts.README_INTRO),
        _(bundle_texts.README_START), "\n".join((_(bundle_texts.README_CONTENTS), *contents)),
        _(bundle_texts.README_MADE).format(issued=issued, date=made),
        "\n".join((_(bundle_texts.README_STATUS), source.page_url)),
        _(bundle_texts.README_PRIVATE),
    )
    return "\n\n".join(paragraphs) + "\n"


def _said(texts: Mapping[str, str], speaker: Translator) -> dict[str, str]:
    return {name: speaker.gettext(text) for name, text in texts.items()}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
