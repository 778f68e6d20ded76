"""The pages people see: account, credentials, one award, connected applications."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from . import awards, scopes
from .forms import RegistrationForm
from .models import Grant, StoredCredential
from .receiving import recheck, verify_again
from .status_info import ApiError

_EXTENSIONS = {"ob3": "json", "ob3-jwt": "jwt", "elm": "jsonld"}


def register(request: HttpRequest) -> HttpResponse:
    """A new account, then on to where the person came from."""
    onward = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        onward = ""
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.save())
        return redirect(onward or "home")
    return render(request, "demo_wallet/register.html", {"form": form, "next": onward})


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """All awards as cards."""
    return render(request, "demo_wallet/home.html", {"awards": awards.group(request.user.credentials.all())})


@login_required
@require_GET
def credential(request: HttpRequest, pk: int) -> HttpResponse:
    """One award with everything it came as, side by side; what may have been revoked meanwhile is asked for first."""
    for award in awards.group(request.user.credentials.all()):
        if pk in {item.stored.pk for item in award.items}:
            for item in award.items:
                recheck(item.stored)
            raw = {item.stored.pk: json.dumps(item.stored.document, indent=2, ensure_ascii=False)
                   for item in award.items}
            return render(request, "demo_wallet/credential.html", {"award": award, "raw": raw})
    raise Http404


@login_required
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The file exactly as it was received."""
    stored = _own(request, pk)
    name = f"credential-{stored.pk}.{_EXTENSIONS[stored.form]}"
    return HttpResponse(
        bytes(stored.content), content_type=stored.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Verify again, now."""
    stored = _own(request, pk)
    try:
        verify_again(stored)
    except ApiError:
        raise Http404 from None
    messages.success(request, _("Checked again just now."))
    return redirect("credential", pk=pk)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one file out of the wallet."""
    _own(request, pk).delete()
    messages.success(request, _("Removed from your wallet."))
    return redirect("home")


@login_required
@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    """The applications that may use this wallet."""
    rows = Grant.objects.filter(owner=request.user, revoked=False, code_used=True).select_related("client")
    shown = [
        {"grant": row, "meanings": [scopes.MEANING[item] for item in row.scope.split()]}
        for row in rows.order_by("-created_at")
    ]
    return render(request, "demo_wallet/connections.html", {"connections": shown})


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application's access away; what it delivered stays."""
    grant = get_object_or_404(Grant, pk=pk, owner=request.user)
    grant.revoked = True
    grant.save(update_fields=["revoked"])
    grant.tokens.all().delete()
    messages.success(request, _("Disconnected. What it delivered stays in your wallet."))
    return redirect("connections")


@require_GET
def statement(request: HttpRequest, template: str) -> HttpResponse:
    """Terms, privacy: a page without data."""
    return render(request, f"demo_wallet/{template}.html")


def _own(request: HttpRequest, pk: int) -> StoredCredential:
    return get_object_or_404(StoredCredential, pk=pk, owner=request.user)
