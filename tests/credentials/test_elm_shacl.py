"""The SHACL shapes of the EDC application profile, owl:imports followed, with an independent engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from microcred_xblock.credentials import elm_shacl, pinned
from microcred_xblock.domain.errors import InvalidDocument

from .strategies import awards, examples
from .test_elm import CLAIM, of_issuer, put
from .test_open_badges import two_of_three

pytest.importorskip("pyshacl")
pytestmark = pytest.mark.shacl
VECTORS = Path(__file__).parents[1] / "vectors" / "elm"


def test_the_composed_credential_conforms(compose_elm):
    elm_shacl.validate(compose_elm().document)
    elm_shacl.validate(compose_elm(two_of_three()).document)


@pytest.mark.parametrize("name", ["stackable.json", "ec-sample-mc-annex1.json"])
def test_published_examples_conform(name):
    assert elm_shacl.violations(json.loads((VECTORS / name).read_text(encoding="utf-8"))) == []


FAULTS = {
    "no issued": put(("issued",), ...),
    "no eIDAS identifier": of_issuer(("eIDASIdentifier",), ...),
    "no claim": put(("credentialSubject", "hasClaim"), ...),
    "title as string": put((*CLAIM, "title"), "a string"),
    "two languages of a name": put(("credentialSubject", "fullName"), {"en": "A", "fr": "A"}),
    "wrong scheme of a level": put(
        (*CLAIM, "specifiedBy", "eqfLevel", "inScheme", "id"), "http://data.europa.eu/snb/isced-f/25831c2"
    ),
    "ESCO scheme missing": put((*CLAIM, "specifiedBy", "learningOutcome", 0, "relatedESCOSkill", 0, "inScheme"), ...),
    "one id, two contents": put((*CLAIM, "provenBy", 1, "id"), "urn:epass:learningAssessment:1"),
    "bloc that is no qualification": put(
        (*CLAIM, "specifiedBy", "isPartOf", 0, "type"), "LearningAchievementSpecification"
    ),
    "no display": put(("displayParameter",), ...),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_credentials_do_not_conform(compose_elm, fault):
    document = json.loads(json.dumps(compose_elm().document))
    FAULTS[fault](document)
    with pytest.raises(InvalidDocument) as caught:
        elm_shacl.validate(document)
    assert caught.value.code == "elm-shacl"
    assert caught.value.params["problems"]
    assert "Camille" not in str(caught.value.params)


def test_the_extract_that_the_gate_reads_is_that_of_the_shapes():
    from .edc_extract import extract

    assert pinned.schema("edc_generic") == extract()


@examples(10)
@given(award=awards())
def test_every_award_conforms(compose_elm, award):
    assert elm_shacl.violations(compose_elm(award).document) == []
