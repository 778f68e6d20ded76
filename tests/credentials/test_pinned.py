"""Pinned files are complete, unaltered, and the only documents that are ever loaded."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest
from pyld import jsonld

from microcred_xblock.credentials import pinned
from microcred_xblock.domain.errors import InvalidDocument, Misconfigured

ROOT = files("microcred_xblock.credentials")
FOLDERS = ("contexts", "schemas", "vocabularies", "fonts", "vendor")


def test_manifest_lists_exactly_the_files_that_ship():
    shipped = {f"{folder}/{entry.name}" for folder in FOLDERS for entry in (ROOT / folder).iterdir()}
    assert shipped == set(pinned.files())


@pytest.mark.parametrize("path", sorted(pinned.files()))
def test_digest_origin_and_licence(path):
    entry = pinned.files()[path]
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["origin"]
    assert entry["licence"]


def test_an_altered_file_is_refused(monkeypatch):
    path = "contexts/did-v1.jsonld"
    altered = {**pinned.files(), path: {**pinned.files()[path], "sha256": "0" * 64}}
    monkeypatch.setattr(pinned, "files", lambda: altered)
    pinned.content.cache_clear()
    with pytest.raises(Misconfigured) as caught:
        pinned.content(path)
    assert caught.value.code == "pinned-file"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/2018/credentials/v1",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        "https://w3id.org/security/data-integrity/v2",
        "https://w3id.org/security/multikey/v1",
        "https://www.w3.org/ns/did/v1",
        "http://data.europa.eu/snb/model/context/edc-ap",
    ],
)
def test_loader_answers_published_addresses_from_files(url):
    answer = pinned.document_loader(url, {})
    assert answer["documentUrl"] == url
    assert answer["contextUrl"] is None
    assert "@context" in answer["document"]
    jsonld.expand({"@context": url, "@id": "urn:x:1"}, {"documentLoader": pinned.document_loader})


@pytest.mark.parametrize(
    "url", ["https://attacker.example/context", "https://www.w3.org/ns/credentials/v2/", "file:///etc/passwd", ""]
)
def test_loader_refuses_every_other_address(url):
    with pytest.raises(InvalidDocument) as caught:
        pinned.document_loader(url)
    assert caught.value.code == "context-unknown"


def test_schema_and_vocabulary_are_json_by_name():
    assert pinned.schema("ob_v3p0_imsx_statusinfo_schema")["properties"]
    assert pinned.vocabulary("concepts")["eqf"]["concepts"]["5"]["prefLabel"] == {"en": "Level 5"}
