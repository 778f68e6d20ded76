"""Pages for the world: DID documents, what an achievement means, and the way to a wallet and back.

Nothing on a public page says anything about a learner.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import compat
from ..credentials import badge_image, wording
from ..domain import codec
from ..domain.errors import InvalidInput, MicrocredError, NotAllowed
from ..domain.pill import LearningPill
from . import api, conf, issuers, models

log = logging.getLogger(__name__)

_SESSION_KEY = "microcred_browser"
_ABOUT_PAGES = ("terms", "privacy")
_MOST_ISSUERS = 20


@require_safe
def did_document(request: HttpRequest, folder: str = "") -> HttpResponse:
    """The DID document of the issuer whose did:web leads to this address, on this host."""
    try:
        document = issuers.document_at(request.get_host(), folder)
    except MicrocredError as error:
        log.warning("No DID document: %s", error.code)
        document = None
    if document is None:
        raise Http404("No issuer has this address.")
    response = JsonResponse(document, content_type="application/did+json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def achievement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a pill stands for, in the version that was awarded."""
    pill = _pill(uuid)
    image = pill.image or badge_image.default_image(pill.title, pill.recognition.eqf_level, pill.language)
    return render(
        request, "microcred/achievement.html",
        {
            **_shared(pill, uuid), "facts": wording.conditions(pill.recognition, pill.language),
            "image": f"data:{image.media_type};base64,{base64.b64encode(image.data).decode('ascii')}",
            "caption": image.caption,
        },
    )


@require_safe
def assessment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How each outcome of the pill is assessed: the evidence that badges point to."""
    pill = _pill(uuid)
    return render(
        request, "microcred/assessment.html",
        {
            **_shared(pill, uuid), "rule": wording.requirements(pill).partition("\n")[0],
            "outcomes": [(item, wording.condition(item.assessment, pill.language)) for item in pill.outcomes],
        },
    )


def explained(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page instead of a bare error, for somebody who has no other page to be sent back to.

    Outside a transaction of the request: a wallet is spoken to, and what was used once must stay used.
    """

    @transaction.non_atomic_requests
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MicrocredError as error:
            log.info("%s: %s", view.__name__, error.code)
            status = 403 if isinstance(error, NotAllowed) else 400 if isinstance(error, InvalidInput) else 503
            response: Any = render(request, "microcred/trouble.html", {"code": error.code}, status=status)
            response._has_been_logged = True  # Django logs the address of every such answer; ours may hold a ticket
            return response

    return wrapper


@require_safe
@never_cache
@explained
def wallet_start(request: HttpRequest, ticket: str) -> HttpResponse:
    """Bind the learner's browser to the attempt and send it to the wallet."""
    learner_id = _signed_in(request)
    secret = request.session.setdefault(_SESSION_KEY, secrets.token_urlsafe(32))
    return _redirect(api.start_connection(ticket, session_secret=secret, learner_id=learner_id))


@require_safe
@never_cache
@explained
def wallet_callback(request: HttpRequest, wallet_id: str) -> HttpResponse:
    """Take the wallet's answer and send the learner back to the page they came from."""
    answer = {name: request.GET.get(name, "")[:4_000] for name in ("state", "code", "error", "iss")}
    return _redirect(
        api.finish_connection(
            wallet_id=wallet_id, session_secret=request.session.get(_SESSION_KEY, ""),
            learner_id=_signed_in(request), **answer,
        )
    )


@require_safe
def about(request: HttpRequest, page: str) -> HttpResponse:
    """What wallets link to from their consent page: what this site does with a connection."""
    if page not in _ABOUT_PAGES:
        raise Http404
    return render(request, "microcred/about.html", {"page": page, "issuer": issuers.names_of([""])})


@require_safe
def logo(_request: HttpRequest) -> HttpResponse:
    """The picture wallets show beside this site's name."""
    drawn = badge_image.default_image(urlsplit(conf.public_base_url()).netloc, None, "en")
    return HttpResponse(drawn.data, content_type=drawn.media_type, headers={"X-Content-Type-Options": "nosniff"})


def _pill(uuid: UUID) -> LearningPill:
    frozen = models.FrozenPill.objects.filter(achievement=uuid).order_by("-pk").first()
    if frozen is None:
        raise Http404("Nobody has earned this here.")
    return codec.decode(LearningPill, frozen.content)


def _shared(pill: LearningPill, uuid: UUID) -> dict[str, Any]:
    """What both pages of a pill show. Their words are in the language of the pill, as the badge's are."""
    words = wording.texts(pill.language)
    used = ("certificate", "awarded-by", "record", "outcomes", "colon")
    return {
        "pill": pill, "uuid": uuid, "issuer": _awarded_by(uuid),
        "direction": "rtl" if wording.primary(pill.language) in settings.LANGUAGES_BIDI else "ltr",
        "words": {name.replace("-", "_"): words[name] for name in used},
    }


def _awarded_by(uuid: UUID) -> str:
    """The awarding bodies that have awarded a pill in this version."""
    keys = models.Award.objects.filter(pill__achievement=uuid).values_list("issuer_key", flat=True)
    return issuers.names_of(list(keys.order_by("issuer_key").distinct()[:_MOST_ISSUERS]))


def _signed_in(request: HttpRequest) -> str | None:
    """The user's id where the platform has users; NotAllowed (``sign-in``) for nobody."""
    if not compat.platform():
        return None
    if not request.user.is_authenticated:
        raise NotAllowed("Sign in, then connect the wallet again.", code="sign-in")
    return str(request.user.pk)


def _redirect(url: str) -> HttpResponse:
    """Nothing of our address, which holds a secret, may travel on in a Referer."""
    response = HttpResponseRedirect(url)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
