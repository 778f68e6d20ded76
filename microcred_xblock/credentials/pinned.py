"""Contexts, schemas and vocabularies as pinned files; nothing is fetched.

``manifest.json`` names for each file its SHA-256, origin and licence, and for a context or schema
the address under which it is published. A file that differs from its digest is refused.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from ..domain.errors import InvalidDocument, Misconfigured

_ROOT = package_files(__package__)


@cache
def files() -> dict[str, dict[str, str]]:
    """The manifest: path below this folder to ``{sha256, origin, licence[, url]}``."""
    return json.loads(_ROOT.joinpath("manifest.json").read_text(encoding="utf-8"))["files"]


@cache
def content(path: str) -> bytes:
    """The bytes of a pinned file. Raises Misconfigured (``pinned-file``) when they are not what was pinned."""
    entry = files()[path]
    data = _ROOT.joinpath(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise Misconfigured(f"The file {path} was altered: install the package again.", code="pinned-file", path=path)
    return data


def document_loader(url: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """The remote document at ``url`` in the form pyld asks for, from the pinned contexts only.

    Raises InvalidDocument (``context-unknown``) for every other address. The document is shared
    between calls and must not be changed.
    """
    path = _published().get(url)
    if path is None:
        raise InvalidDocument(f"The context {url} is not known here.", code="context-unknown", url=url)
    return {
        "contextUrl": None,
        "documentUrl": url,
        "document": _parsed(path),
        "contentType": "application/ld+json",
    }


def context(url: str) -> tuple[str, bytes] | None:
    """Path and bytes of the pinned context that is published at ``url``."""
    path = _published().get(url)
    return (path, content(path)) if path is not None else None


def schema(name: str) -> dict[str, Any]:
    """A JSON document of ``schemas/`` by its name without ``.json``; shared, not to be changed."""
    return _parsed(f"schemas/{name}.json")


def vocabulary(name: str) -> dict[str, Any]:
    """A JSON document of ``vocabularies/`` by its name without ``.json``; shared, not to be changed."""
    return _parsed(f"vocabularies/{name}.json")


@cache
def _published() -> dict[str, str]:
    return {entry["url"]: path for path, entry in files().items() if path.startswith("contexts/")}


@cache
def _parsed(path: str) -> dict[str, Any]:
    return json.loads(content(path))
