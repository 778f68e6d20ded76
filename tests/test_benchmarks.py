"""The benchmark compares like with like: all contestants sign the same credentials to the same proof."""

from __future__ import annotations

import pytest

from benchmarks import signing
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
