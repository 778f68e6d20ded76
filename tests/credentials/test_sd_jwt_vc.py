"""The flat claims say what the European Digital Credential says, by the names of the rulebook, and no more."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.credentials import elm, sd_jwt_vc
from tests.factories import AWARDED_AT, make_award, make_holder, make_issuer, make_pill, make_recognition

RULEBOOK = {  # rb-microcredential, draft 0.1: mandatory and optional attributes
    "identifier", "title", "givenName", "familyName", "issuerCountry", "awardingBody", "issuanceDate",
    "learningOutcomes", "notionalWorkload", "typeOfAssessment", "formOfParticipation", "qualityAssurance",
    "dateOfBirth", "mail", "level", "nationalQualificationsFrameworkLevel", "fieldOfEducation", "escoReference",
    "idVerificationMethod", "grade", "gradingScheme", "entryRequirements", "stackable", "partOfQualification",
    "accreditation", "learningActivityType", "languageOfAssessment", "awardingBodyHomepage", "awardingBodyIdentifier",
}


def european(pill=None, **issuer):
    award = make_award(pill=pill or make_pill())
    return elm.compose(
        award, make_issuer(**issuer), make_holder(), credential_id="urn:uuid:x", issued=AWARDED_AT,
        valid_from=AWARDED_AT,
    ).document


def test_a_pill_with_everything():
    found = sd_jwt_vc.hidden(european())
    assert {
        "title": "Fault diagnosis on a wind turbine", "fullName": "Camille Exemple", "issuerCountry": "FR",
        "awardingBody": "Centre de formation exemple", "level": "EQF-5", "fieldOfEducation": "0713",
        "notionalWorkload": {"value": 3, "unit": "hours"}, "formOfParticipation": "online",
        "typeOfAssessment": "quiz", "qualityAssurance": "institutional-accreditation", "stackable": True,
        "languageOfAssessment": "en", "identifier": "urn:uuid:x", "issuanceDate": AWARDED_AT.date().isoformat(),
    }.items() <= found.items()
    assert len(found["learningOutcomes"]) == 3 and len(found["escoReference"]) == 3
    assert set(found) - {"fullName"} <= RULEBOOK and set(sd_jwt_vc.LABELS) - {"fullName"} <= RULEBOOK


def test_a_pill_with_nothing_claims_nothing():
    nothing = {
        "workload_hours": None, "eqf_level": None, "isced_f": "", "mode": "", "assessment_type": "", "supervision": "",
        "quality_assurance": None, "prerequisites": "", "bloc": None,
    }
    found = sd_jwt_vc.hidden(european(make_pill(recognition=make_recognition(**nothing))))
    assert not {
        "notionalWorkload", "level", "fieldOfEducation", "formOfParticipation", "typeOfAssessment",
        "qualityAssurance", "accreditation", "stackable", "partOfQualification", "entryRequirements",
    } & set(found)
    assert {"title", "fullName", "awardingBody", "issuanceDate", "learningOutcomes"} <= set(found)


@pytest.mark.parametrize(("more", "workload"), [
    ({"ects": Decimal("1.5")}, {"value": 1.5, "unit": "ECTS"}), ({"ects": Decimal(2)}, {"value": 2, "unit": "ECTS"}),
    ({"workload_hours": Decimal("1.25")}, {"value": 1.25, "unit": "hours"}),
])
def test_workload(more, workload):
    found = sd_jwt_vc.hidden(european(make_pill(recognition=make_recognition(**more))))
    assert found["notionalWorkload"] == workload


def test_what_nobody_can_hide():
    badge = {"validFrom": "2026-11-20T10:00:00Z", "validUntil": "2027-11-20T10:00:00Z"}
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "A"}
    found = sd_jwt_vc.shown(badge, issuer="https://a", vct="https://a/t", credential_id="urn:uuid:y", holder_jwk=jwk)
    assert found["cnf"] == {"jwk": jwk} and found["exp"] - found["nbf"] == 365 * 86_400
    assert (found["iss"], found["vct"], found["jti"]) == ("https://a", "https://a/t", "urn:uuid:y")
    assert found["attestation_legal_category"] == "non-qualified-EAA" and "status" not in found
    assert not set(found) & set(sd_jwt_vc.LABELS), "nothing of the learner is among them"


def test_the_type_describes_every_claim():
    found = sd_jwt_vc.described("https://a/t", languages=("en", "fr", "ar"))
    assert [claim["path"] for claim in found["claims"]] == [[name] for name in sd_jwt_vc.LABELS]
    assert all(len(claim["display"]) == 3 and claim["sd"] == "always" for claim in found["claims"])
    award = sd_jwt_vc.hidden(european())
    assert set(sd_jwt_vc.ALWAYS) <= set(award)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6,
)


@given(place=st.integers(0, 400), value=_json)
def test_what_a_site_changed_in_the_document_does_no_harm(place, value):
    """A filter may change the document before it is signed; where one node is odd, its claim is absent or odd."""
    document = json.loads(json.dumps(european()))
    nodes = []

    def walk(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            nodes.append((node, key))
            walk(node[key])

    walk({name: document[name] for name in ("issuer", "credentialSubject")})
    node, key = nodes[place % len(nodes)]
    node[key] = value
    json.dumps(sd_jwt_vc.hidden(document))
