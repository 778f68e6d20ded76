"""Issuer, holder and credential identity."""

from __future__ import annotations

from uuid import uuid4

import pytest

from microcred_xblock.domain.credential import Format, Holder, Issuer, credential_urn
from microcred_xblock.domain.errors import InvalidInput


def test_identity_hash_is_the_specification_s_own_example():
    # Open Badges 3.0, IdentityObject
    expected = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    assert Holder(email="a@example.com").identity_hash("Kosher") == expected
    assert Holder(email=" A@Example.com ".strip()).identity_hash("Kosher") == expected


def test_a_holder_never_shows_in_a_log():
    holder = Holder(full_name="Ada Lovelace", email="ada@example.com")
    assert "ada" not in f"{holder!r} {holder}".lower()


@pytest.mark.parametrize(
    "values,code",
    [
        ({}, "holder-empty"),
        ({"email": "nobody"}, "email"),
        ({"did": "https://example.com"}, "holder-did"),
        ({"email": "a@b.c", "full_name": "Ada\x00"}, "text-control-character"),
    ],
)
def test_an_unusable_holder_is_refused(values, code):
    with pytest.raises(InvalidInput) as caught:
        Holder(**values)
    assert caught.value.code == code


def test_a_retry_reuses_the_id_and_both_badge_forms_share_it():
    award = uuid4()
    assert credential_urn(award, Format.OPEN_BADGE) == credential_urn(award, Format.OPEN_BADGE_JWT)
    assert credential_urn(award, Format.ELM) == credential_urn(award, Format.ELM)
    assert credential_urn(award, Format.ELM) != credential_urn(award, Format.OPEN_BADGE)
    assert credential_urn(uuid4(), Format.ELM) != credential_urn(award, Format.ELM)


@pytest.mark.parametrize(
    "change,code",
    [({"id": "https://x.org"}, "issuer-id"), ({"country": "FR"}, "country"), ({"url": "x.org"}, "iri"),
     ({"legal_identifier": ""}, "text-empty"), ({"email": "x"}, "email"), ({"country": "FRA\n"}, "country"),
     ({"email": "a@b\n"}, "email")],
)
def test_an_unusable_issuer_is_refused(change, code):
    values = {
        "id": "did:web:example.org", "name": "Demo", "legal_name": "Demo SAS", "legal_identifier": "NTRFR-1",
        "country": "FRA", "url": "https://example.org",
    }
    with pytest.raises(InvalidInput) as caught:
        Issuer(**values | change)
    assert caught.value.code == code
