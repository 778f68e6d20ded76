"""CredentialComposed: what a step may add, what it may not touch, and that it can refuse."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openedx_filters import PipelineStep

from microcred_xblock.credentials import elm, open_badges
from microcred_xblock.domain.credential import Format, credential_urn
from microcred_xblock.domain.errors import InvalidDocument, NotAllowed
from microcred_xblock.issuance import filters
from tests.factories import ACHIEVEMENT_ID, NOW, SALT, make_award, make_holder, make_issuer

AWARD = make_award()
BADGE = dict(open_badges.compose(
    AWARD, make_issuer(), make_holder(), credential_id=credential_urn(AWARD.id, Format.OPEN_BADGE),
    achievement_id=ACHIEVEMENT_ID, salt=SALT, valid_from=NOW, evidence_url=f"{ACHIEVEMENT_ID}/assessment",
).document)
EUROPEAN = dict(elm.compose(
    AWARD, make_issuer(), make_holder(), credential_id=credential_urn(AWARD.id, Format.ELM), issued=NOW, valid_from=NOW
).document)
DOCUMENTS = {Format.OPEN_BADGE: BADGE, Format.ELM: EUROPEAN}
TERMS = {"id": "https://learn.example/terms", "type": "IssuerPolicy"}


class Step(PipelineStep):
    """Does what a test says."""

    work = staticmethod(lambda **_kwargs: {})

    def run_filter(self, **kwargs):
        return type(self).work(**kwargs)


@pytest.fixture
def step(settings, monkeypatch):
    """Put a function into the pipeline."""

    def put(work):
        monkeypatch.setattr(Step, "work", staticmethod(work))
        settings.OPEN_EDX_FILTERS_CONFIG = {
            filters.CredentialComposed.filter_type: {"pipeline": [f"{__name__}.Step"], "fail_silently": False}
        }

    return put


def changed(change):
    """A step that applies ``change`` to the document it was given."""

    def work(document, **_kwargs):
        change(document)
        return {"document": document}

    return work


class TestEnriching:
    @pytest.mark.parametrize("format_", list(DOCUMENTS))
    def test_without_steps_the_document_is_the_same(self, format_, settings):
        settings.OPEN_EDX_FILTERS_CONFIG = {}
        assert filters.composed(DOCUMENTS[format_], format_, AWARD) == DOCUMENTS[format_]

    def test_a_step_is_told_what_it_needs(self, step):
        seen = []
        step(lambda **kwargs: seen.append(kwargs) or {})
        filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        (told,) = seen
        assert told == {"document": BADGE, "format": "ob3", "award": AWARD}

    def test_what_it_adds_is_there_and_valid(self, step):
        alignment = {
            "type": ["Alignment"], "targetName": "Local framework", "targetUrl": "https://skills.example/1",
        }

        def add(document):
            document["termsOfUse"] = [TERMS]
            document["credentialSubject"]["achievement"].setdefault("alignment", []).append(alignment)

        step(changed(add))
        found = filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        open_badges.validate(found, signed=False)
        assert found["termsOfUse"] == [TERMS]
        assert found["credentialSubject"]["achievement"]["alignment"][-1] == alignment

    def test_it_works_on_a_copy(self, step):
        before = deepcopy(BADGE)
        step(changed(lambda document: document["credentialSubject"].clear()))
        with pytest.raises(InvalidDocument):
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        assert before == BADGE

    def test_a_step_that_returns_nothing_ends_the_pipeline_and_changes_nothing(self, step):
        step(lambda **_kwargs: None)
        assert filters.composed(BADGE, Format.OPEN_BADGE, AWARD) == BADGE

    def test_what_json_does_not_know_becomes_what_it_knows(self, step):
        step(changed(lambda document: document.update(termsOfUse=(TERMS,))))
        assert filters.composed(BADGE, Format.OPEN_BADGE, AWARD)["termsOfUse"] == [TERMS]


class TestRefusing:
    def test_the_reason_reaches_the_learner(self, step):
        def refuse(**_kwargs):
            raise filters.CredentialComposed.PreventCredential("Your fee is not paid.")

        step(refuse)
        with pytest.raises(NotAllowed) as caught:
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        assert (caught.value.code, caught.value.params["reason"]) == ("credential-prevented", "Your fee is not paid.")

    def test_an_error_in_a_step_is_not_swallowed_where_the_site_wants_it(self, step):
        step(lambda **_kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)


class TestWhatIsFixed:
    @pytest.mark.parametrize("format_", list(DOCUMENTS))
    @pytest.mark.parametrize("term", filters.FIXED)
    def test_no_term_of_identity_can_be_set_or_removed(self, step, format_, term):
        changes = [lambda document: document.update({term: "other"})]
        if term in DOCUMENTS[format_]:
            changes.append(lambda document: document.pop(term))
        for change in changes:
            step(changed(change))
            with pytest.raises(InvalidDocument) as caught:
                filters.composed(DOCUMENTS[format_], format_, AWARD)
            assert (caught.value.code, caught.value.params["term"]) == ("filter-fixed", term)

    @pytest.mark.parametrize("change", [
        lambda s: s.update(id="urn:uuid:0"), lambda s: s["result"].pop(), lambda s: s["result"].append({}),
        lambda s: s.pop("identifier"), lambda s: s.update(creditsEarned=30), lambda s: s.pop("achievement"),
        lambda s: s["achievement"].update(name="Master of everything"), lambda s: s["achievement"].pop("criteria"),
        lambda s: s["achievement"].update(id="https://else.example/"), lambda s: s["achievement"]["tag"].pop(),
        lambda s: s["achievement"]["alignment"].reverse(), lambda s: s["achievement"].update(alignment="x"),
        lambda s: s["achievement"]["alignment"].insert(0, {}), lambda s: s.update(achievement=[]),
    ])
    def test_nor_anything_of_the_subject_but_by_adding_to_the_achievement(self, step, change):
        step(changed(lambda document: change(document["credentialSubject"])))
        with pytest.raises(InvalidDocument) as caught:
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        assert caught.value.code == "filter-fixed"

    @pytest.mark.parametrize("result", [None, [], "text", 7, {"x": object()}, {"x": float("nan")}, {"x": {1, 2}}])
    def test_what_is_no_json_object_is_refused(self, step, result):
        step(lambda **_kwargs: {"document": result})
        with pytest.raises(InvalidDocument) as caught:
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        assert caught.value.code == "filter-result"

    def test_a_document_that_holds_itself_is_refused(self, step):
        step(changed(lambda document: document.update(name=document)))
        with pytest.raises(InvalidDocument) as caught:
            filters.composed(BADGE, Format.OPEN_BADGE, AWARD)
        assert caught.value.code == "filter-result"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*filters.OPEN, "name", "criteria", "id"]), st.lists(_JSON, max_size=3)), st.data()
)
def test_an_achievement_is_kept_only_if_every_list_grew_at_its_end(before, data):
    after = deepcopy(before)
    for term in filters.OPEN:
        more = data.draw(st.lists(_JSON, max_size=2))
        if more:
            after[term] = [*after.get(term, []), *more]
    assert filters._kept_achievement(before, after)
    term = data.draw(st.sampled_from(["name", "criteria", "id", "new"]))
    assert not filters._kept_achievement(before, {**after, term: "something else"})
    for term in filters.OPEN:
        if before.get(term):
            assert not filters._kept_achievement(before, {**after, term: before[term][:-1]})
            assert not filters._kept_achievement(before, {**after, term: ["first", *before[term]][: len(before[term])]})
