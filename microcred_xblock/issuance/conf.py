"""The app's settings as values, with an error that says what to do where one is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from .. import __version__
from ..credentials import status_list
from ..domain.errors import Misconfigured
from ..wallets import base, proxies
from ..wallets.transport import Policy, Transport
from .settings.common import DEFAULTS, SECRETS

_MAIL = re.compile(r"[!-~]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)
_LISTS = (list, tuple, set, frozenset)
_DIGITS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)

NUMBERS: dict[str, tuple[float, float]] = {  # the least and the most that is of any use
    "MICROCRED_RETRY_AFTER_MOST": (0, 31_536_000),
    "MICROCRED_CIRCUIT_FAILURES": (1, 1_000_000),
    "MICROCRED_SLOW_SECONDS": (0, 3_600),
    "MICROCRED_SLOW_WORKERS": (1, 1_000),
    "MICROCRED_STATUS_TTL": (1, 31_536_000),
    "MICROCRED_RENEW_BEFORE_DAYS": (0, 36_500),
    "MICROCRED_REMIND_BEFORE_DAYS": (0, 36_500),
}
TIMEOUT = (0.01, 600)


def setting(name: str) -> Any:
    """The setting, else the environment (secrets), else its default."""
    value = getattr(settings, name, None)
    if value in (None, "") and name in SECRETS:
        value = os.environ.get(name)
    return deepcopy(DEFAULTS[name]) if value is None else value


def number(name: str) -> Any:
    """One of NUMBERS; its default where it cannot be read as one, which the system check tells."""
    found = as_number(setting(name), *NUMBERS[name])
    return DEFAULTS[name] if found is None else found


def as_number(value: Any, least: float, most: float) -> float | None:
    """``value`` as a number from ``least`` to ``most``, also where it is one in quotation marks; None if it is not."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = float(value) if "." in value else int(value)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    return value if fits else None


def chosen(name: str) -> tuple[str, ...]:
    """What the admin has chosen of all that the default lists, each once; a value that is no such list is nothing."""
    told = setting(name)
    names = dict.fromkeys(item for item in told if isinstance(item, str)) if isinstance(told, _LISTS) else {}
    return tuple(item for item in names if item in DEFAULTS[name])


def required(name: str, *, what: str) -> Any:
    """The setting; Misconfigured (``setting-missing``) if it is empty. ``what`` says what it is for."""
    value = setting(name)
    if not value:
        raise Misconfigured(f"The setting {name} is missing: it gives {what}.", code="setting-missing", setting=name)
    return value


def public_base_url() -> str:
    """Where the world reaches this site, without a final slash."""
    url = setting("MICROCRED_PUBLIC_BASE_URL") or getattr(settings, "LMS_ROOT_URL", "")
    if not _has_host(url):
        raise Misconfigured(
            "The setting MICROCRED_PUBLIC_BASE_URL is missing: it gives the public address of this site.",
            code="setting-missing", setting="MICROCRED_PUBLIC_BASE_URL",
        )
    return url.rstrip("/")


def _has_host(url: Any) -> bool:
    try:
        return isinstance(url, str) and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def keys_dir() -> Path:
    """The folder of the private keys."""
    return Path(required("MICROCRED_KEYS_DIR", what="the folder of the private keys"))


def passphrase() -> str:
    """What the key files are encrypted under."""
    return required("MICROCRED_KEYS_PASSPHRASE", what="the passphrase of the private keys")


def seal_file() -> Path:
    """The PKCS#12 file of the organisation's certificate."""
    chosen = setting("MICROCRED_SEAL_PKCS12")
    return Path(chosen) if chosen else keys_dir() / "seal.p12"


def seal_password() -> str:
    """The password of that file."""
    return setting("MICROCRED_SEAL_PASSWORD") or passphrase()


def status_ttl() -> int:
    """For how many seconds a status list may be kept."""
    return int(number("MICROCRED_STATUS_TTL"))


def status_list_size() -> int:
    """Entries of a new status list. Misconfigured (``status-list-size``)."""
    size = setting("MICROCRED_STATUS_LIST_SIZE")
    if not isinstance(size, int) or size % 8 or not status_list.MIN_ENTRIES <= size <= status_list.MAX_ENTRIES:
        raise Misconfigured(
            f"MICROCRED_STATUS_LIST_SIZE must be a multiple of 8 from {status_list.MIN_ENTRIES} to "
            f"{status_list.MAX_ENTRIES}.",
            code="status-list-size", least=status_list.MIN_ENTRIES, most=status_list.MAX_ENTRIES,
        )
    return size


def wallets() -> dict[str, base.Provider]:
    """The wallets that the admin allows, by id."""
    return base.providers(setting("MICROCRED_WALLETS"))


def ca_bundle() -> str:
    """A file or folder of certificate authorities; empty for the usual ones. Misconfigured (``setting-value``)."""
    path = setting("MICROCRED_CA_BUNDLE")
    if path and not os.path.exists(path):
        raise Misconfigured(
            "MICROCRED_CA_BUNDLE names a file that does not exist here, or that this process may not see.",
            code="setting-value", setting="MICROCRED_CA_BUNDLE",
        )
    return path


def transport(provider: base.Provider) -> Transport:
    """The way to one wallet's hosts, and to no other."""
    return transport_to(provider.hosts)


def transport_to(hosts: frozenset[str]) -> Transport:
    """The way to ``hosts`` (``host:port``), and to no other."""
    return _transport(hosts, loopback=bool(setting("MICROCRED_ALLOW_LOOPBACK_HTTP")))


def site_transport(url: str) -> Transport:
    """The way to an address of this site itself, as the world takes it."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _transport(frozenset({f"{parts.hostname}:{port}"}), loopback=parts.scheme == "http")


def proxy() -> proxies.Proxy | None:
    """The only way out, where there is no direct one. Misconfigured (``proxy-setting``)."""
    url = setting("MICROCRED_PROXY")
    return proxies.proxy(url) if url else None


def user_agent() -> str:
    """What every request says of us: name, version, the site's address, and an address for mail where there is one."""
    told = setting("MICROCRED_CLIENT")
    contacts = told.get("contacts") if isinstance(told, Mapping) else None
    first = contacts[0] if isinstance(contacts, list | tuple) and contacts else ""
    mail = f"; {first}" if isinstance(first, str) and _MAIL.fullmatch(first) and not set(first) & set("()\\") else ""
    return f"microcred-xblock/{__version__} (+{public_base_url()}{mail})"


def _transport(hosts: frozenset[str], *, loopback: bool) -> Transport:
    told, times = setting("MICROCRED_HTTP_TIMEOUTS"), dict(DEFAULTS["MICROCRED_HTTP_TIMEOUTS"])
    for name in times:
        seconds = as_number(told.get(name), *TIMEOUT) if isinstance(told, Mapping) else None
        times[name] = times[name] if seconds is None else seconds
    return Transport(
        Policy(
            hosts=hosts, allow_loopback_http=loopback,
            connect_timeout=times["connect"], read_timeout=times["read"], total_timeout=times["total"],
            user_agent=user_agent(), ca_bundle=setting("MICROCRED_CA_BUNDLE"), proxy=proxy(),
        )
    )
