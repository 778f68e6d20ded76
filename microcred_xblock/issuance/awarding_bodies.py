"""The awarding bodies of the settings: MICROCRED_ISSUER is the default one (key ""), MICROCRED_ISSUERS names others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..domain.errors import Misconfigured
from ..proofs.did import did_web
from . import conf

DEFAULT = ""
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TEXTS = ("name", "url", "email", "address", "legal_name", "legal_identifier", "country", "folder", "base_url")


@dataclass(frozen=True, kw_only=True)
class AwardingBody:
    """One issuer as the settings tell it. ``place`` is the address its did:web is made from."""

    key: str
    place: str
    told: Mapping[str, str]
    sources: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @property
    def did(self) -> str:
        """The issuer's did:web; Misconfigured (``did-web-url``) where the address has none."""
        return did_web(self.place)

    @property
    def url(self) -> str:
        """The issuer's own page."""
        return self.told.get("url") or self.place + "/"

    @property
    def folder(self) -> Path:
        """Where its key files lie: the default issuer's in the keys folder itself, another's in a folder of its key."""
        return conf.keys_dir() / self.key

    @property
    def setting(self) -> str:
        """How the admin finds it in the settings."""
        return f"MICROCRED_ISSUERS[{self.key}]" if self.key else "MICROCRED_ISSUER"


def configured() -> list[str]:
    """The keys of all issuers, the default one first. Misconfigured: ``issuer-settings``."""
    return [DEFAULT, *sorted(_named())]


def body(key: str = DEFAULT) -> AwardingBody:
    """The issuer of ``key``. Misconfigured: ``issuer-unknown``, ``issuer-settings``, ``setting-missing``."""
    if key == DEFAULT:
        told = _checked("MICROCRED_ISSUER", conf.required("MICROCRED_ISSUER", what="the awarding body"))
        return AwardingBody(key=key, place=conf.public_base_url(), told=told, sources=_sources(told))
    named = _named()
    if key not in named:
        raise Misconfigured(
            f"No issuer '{key}' is in MICROCRED_ISSUERS: add it there, or assign another.", code="issuer-unknown",
            issuer=key,
        )
    told = _checked(f"MICROCRED_ISSUERS[{key}]", named[key])
    if not told.get("name"):
        raise _unusable(f"MICROCRED_ISSUERS[{key}]", "name")
    return AwardingBody(key=key, place=_place(key, told), told=told, sources=_sources(told))


def did_of(key: str = DEFAULT) -> str:
    """The did:web of an issuer. The default one's needs nothing but this site's address."""
    return did_web(conf.public_base_url()) if key == DEFAULT else body(key).did


def check_distinct() -> None:
    """Misconfigured (``issuer-settings``) if two issuers would have one DID."""
    seen: dict[str, str] = {}
    for key in configured():
        did = did_of(key)
        if did in seen:
            raise _unusable(f"MICROCRED_ISSUERS[{key}]", "folder")
        seen[did] = key


def _place(key: str, told: Mapping[str, str]) -> str:
    if told.get("base_url"):
        return told["base_url"].rstrip("/")
    parts = urlsplit(conf.public_base_url())
    return f"{parts.scheme}://{parts.netloc}/{(told.get('folder') or key).strip('/')}"


def _named() -> Mapping[str, Any]:
    named = conf.setting("MICROCRED_ISSUERS")
    if not isinstance(named, Mapping):
        raise _unusable("MICROCRED_ISSUERS", "")
    for key in named:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise _unusable("MICROCRED_ISSUERS", str(key)[:40])
    return named


def _checked(setting: str, told: Any) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise _unusable(setting, "")
    for name in _TEXTS:
        if not isinstance(told.get(name, ""), str):
            raise _unusable(setting, name)
    return told


def _sources(told: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    sources = told.get("keys", {})
    if not isinstance(sources, Mapping) or not all(isinstance(source, Mapping) for source in sources.values()):
        raise _unusable(str(told.get("name", "")), "keys")
    return sources


def _unusable(setting: str, name: str) -> Misconfigured:
    where = f"{setting}: {name}" if name else setting
    return Misconfigured(
        f"The setting {where} is unusable: see the administrator's guide.", code="issuer-settings", setting=where
    )
