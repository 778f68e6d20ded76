"""The page that checks an archive without a network: one HTML file with its data, scripts and style inside.

Its content policy lets nothing be loaded and no other script run, so the page itself shows that it asks nobody.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files as package_files
from typing import Any

from . import pinned, wording

_ROOT = package_files(__package__).joinpath("offline")
_EXPORT = "\nexport {"  # the last statement of a module; here it is one script among others


@dataclass(frozen=True, kw_only=True)
class OfflineArchive:
    """What the page carries. ``texts``: by language, by the names in ``bundle_texts.PAGE``.

    ``files``: name to text of each signed file; ``lists``: each signed status list by its address; ``contexts``: by
    address; ``seal_keys``: public JWKs that sealed for the issuer.
    """

    title: str
    issuer: str
    language: str
    languages: Mapping[str, str]
    right_to_left: Sequence[str]
    texts: Mapping[str, Mapping[str, str]] = field(repr=False)
    no_script: str
    made_at: datetime
    did_document: Mapping[str, Any] = field(repr=False)
    did_url: str
    page_url: str
    files: Mapping[str, str] = field(repr=False)
    lists: Mapping[str, Mapping[str, Any]] = field(repr=False)
    seal_keys: Sequence[Mapping[str, Any]] = field(repr=False)
    contexts: Mapping[str, bytes] = field(repr=False)
    context_lists: Sequence[Sequence[str]]


def build(archive: OfflineArchive) -> bytes:
    """The page. Equal arguments give equal bytes."""
    style, scripts = _source("verify.css"), _scripts()
    hashes = " ".join(f"'{_digest(script)}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
    )
    chosen, rtl = archive.language, archive.right_to_left
    parts = {
        "language": escape(chosen), "direction": "rtl" if chosen in rtl else "ltr", "policy": policy,
        "title": escape(archive.title), "noscript": escape(archive.no_script), "style": style,
        "languages": "".join(
            f'<option value="{escape(code)}" lang="{escape(code)}"{" selected" if code == chosen else ""}>'
            f"{escape(name)}</option>" for code, name in archive.languages.items()
        ),
        "did_url": escape(archive.did_url), "page_url": escape(archive.page_url),
        "keys": "".join(f"<li>{escape(key)}</li>" for key in archive.did_document.get("assertionMethod", ())),
        "licences": escape(pinned.content("vendor/LICENCES.txt").decode("utf-8")),
        "archive": in_script(_held(archive)),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    return _filled(_source("verify.html"), parts).encode("utf-8")


def in_script(value: Any) -> str:
    """JSON that can stand in a ``script`` element: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _held(archive: OfflineArchive) -> dict[str, Any]:
    return {
        "title": archive.title, "issuer": archive.issuer, "language": archive.language,
        "rightToLeft": list(archive.right_to_left), "texts": archive.texts,
        "madeAt": wording.instant(archive.made_at), "did": archive.did_document, "files": archive.files,
        "lists": archive.lists, "sealKeys": list(archive.seal_keys),
        "contexts": {url: json.loads(content) for url, content in archive.contexts.items()},
        "contextLists": [list(urls) for urls in archive.context_lists],
    }


def _filled(page: str, parts: Mapping[str, str]) -> str:
    """``page`` with each ``{name}``; what is put in is not looked at again."""
    first, *rest = page.split("{")
    pieces = [first]
    for piece in rest:
        name, _, after = piece.partition("}")
        pieces += (parts[name], after)
    return "".join(pieces)


@cache
def _scripts() -> tuple[str, ...]:
    library = pinned.content("vendor/jsonld.min.js").decode("utf-8")
    module, _, _exports = pinned.content("vendor/noble-ed25519.js").decode("utf-8").rpartition(_EXPORT)
    curve = f'(() => {{\n"use strict";\n{module}\nglobalThis.nobleEd25519 = {{ verifyAsync }};\n}})();'
    return library, curve, _source("checks.js"), _source("page.js")


@cache
def _source(name: str) -> str:
    return _ROOT.joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
