"""The benchmarks compare like with like: the same credentials with the same proof, forms of the same make."""

from __future__ import annotations

import pytest

from benchmarks import delivering, signing, studio_form
from tests.scorebox import ScoreBox, installed
from tests.verifiers import node


@pytest.mark.node
def test_all_contestants_agree():
    node.require()
    result = signing.run(slow=2, fast=3, repetitions=1)
    assert result["agree"] and not result["problem"]
    assert set(result["rows"]) == {"floor", "compose", "template", "full", "pyld", "digital-bazaar"}
    assert result["cache"].full == 2, "one badge and one set of proof options made the templates"
    assert "same proofValue from all: yes" in signing.report(result)


def test_learners_differ():
    first, second = (signing.compose(number).document for number in (0, 1))
    assert first["id"] != second["id"] and first["credentialSubject"]["result"] != second["credentialSubject"]["result"]
    assert first["credentialSubject"]["achievement"] == second["credentialSubject"]["achievement"]


@pytest.mark.django_db
def test_the_form_is_measured_whole():
    with installed(scorebox=ScoreBox):
        usages = {name: studio_form.made(*size) for name, size in (("small", (2, 4)), ("large", (4, 8)))}
        assert studio_form.opened(usages["large"]).content.count("data-card=") == 5, "four outcomes and the blank one"
        assert studio_form.loaded(usages["small"]) == [f"Exercise p{number}" for number in range(4)]
        found = studio_form.measured(usages, 1)
    assert studio_form.ratio(found, "html") > 1
    assert "opening the form, ms" in studio_form.report(found)


def test_every_push_adapter_is_raced_against_the_same_bytes():
    found = delivering.measured(2, 1)
    assert found.keys() == {"Open Badges API 3.0", "Badge Connect 2.1", "Europass deposit"}
    assert all(row["ratio"] > 0 for row in found.values())
    assert "deliveries a second" in delivering.report(found)
