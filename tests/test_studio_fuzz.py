"""Whatever is sent to the handlers of an author's form, the answer is JSON that says what is wrong, never a crash."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import webob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock import definition
from microcred_xblock.authoring import edits
from microcred_xblock.authoring.places import places
from microcred_xblock.domain.errors import InvalidAnswer
from microcred_xblock.learning_pill import LearningPillBlock
from microcred_xblock.studio import StudioHandlers
from microcred_xblock.translation import Translator

from . import hostile, pills, strategies
from .authoring.page import EMPTY, FilledForm, page
from .scorebox import OldBox, PlainBox, ScoreBox, installed

ENGLISH = Translator("en")
HANDLERS = sorted(
    name for name in dir(StudioHandlers) if getattr(getattr(LearningPillBlock, name), "_is_xblock_handler", False)
)
FIELDS = {
    "display_name": "A pill", "description": "What for.", "outcomes": [
        {
            "id": "a", "title": "A", "threshold": "0.7", "skills": [{"uri": "https://x.example/1", "label": "s"}],
            "assessed_by": [{"block": "p1"}, {"members": [{"block": "p2"}], "weight": "2"}, {"block": "gone"}],
        },
        {"id": "b", "title": "B", "threshold": "0.5", "assessed_by": [{"block": "p3"}]}, "damaged",
    ],
    "mastery": {"rule": "required-plus-n", "n": "1", "required": ["a", "gone"]},
    "recognition": {"ects": "1", "bloc": {"certification": "RNCP1"}, "nqf": {"framework": "F", "level": "5"}},
    "upkeep": {"regrade": "suspend"}, "badge_image": {"design": {"shape": "shield"}, "caption": "C"},
}


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def read(sent: Any) -> None:
    """What saving does with a submission, but for the storing. InvalidAnswer where it has another form."""
    fields = {**EMPTY, **FIELDS}
    edit = edits.read(fields, sent, ENGLISH)
    now = {**fields, **edit.values}
    after = definition.read(definition.Definition(
        id="pill", title=now["display_name"], description=now["description"], language=now["language"],
        outcomes=now["outcomes"], mastery=now["mastery"], recognition=now["recognition"], upkeep=now["upkeep"],
    ))[1]
    refused = edits.refused((), after, edit)
    json.dumps(places(refused, now["outcomes"], edit.keys, ENGLISH))
    json.dumps(edit.values)


def test_a_wrong_value_in_any_place_of_a_submission_is_read_or_refused():
    sent = FilledForm.of(page(FIELDS, ("p1", "p2", "p3"))).send()
    read(sent)
    answers = {"read": 0, "refused": 0}
    for path in hostile.places(sent):
        if not path:
            continue
        for wrong in (*hostile.WRONG, ...):
            try:
                read(hostile.replaced(sent, path, wrong))
            except InvalidAnswer as error:
                assert error.code == "request-field", (path, wrong)
                answers["refused"] += 1
            else:
                answers["read"] += 1
    assert answers["refused"] > 1_000 and answers["read"] > 100


def call(usage: str, handler: str, body: bytes, **headers: str) -> SimpleNamespace:
    """A handler's answer to a raw body, from an author."""
    request = webob.Request.blank("/", method="POST", headers=headers)
    request.body = body
    block = pills.block(usage, "staff")
    response = block.runtime.handle(block, handler, request)
    return SimpleNamespace(status=response.status_code, data=json.loads(response.body), type=response.content_type)


def check(answer: SimpleNamespace) -> None:
    assert "json" in answer.type
    assert answer.status in (200, 400, 403, 404, 409, 413, 429, 503), answer.data
    if answer.data == {"error": "Invalid JSON"}:
        assert answer.status == 400, "XBlock's own answer"
    elif not answer.data.get("ok"):
        assert answer.data["code"] and answer.data["message"], answer.data


@pytest.mark.django_db
@pytest.mark.parametrize("handler", HANDLERS)
def test_a_body_of_any_kind_is_answered(handler):
    usage = pills.parse()
    bodies = [b"", b"{", b"\xff", b'{"title": "' + b"x" * 4_000_000]
    bodies += [json.dumps(value).encode() for value in hostile.WRONG]
    bodies += [json.dumps({"draft": value, "digest": value, "image": value}).encode() for value in hostile.WRONG]
    for body in bodies:
        check(call(usage, handler, body))


@pytest.mark.django_db
@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_a_form_with_a_mistake_is_answered_by_every_handler_and_can_be_opened_again(data):
    usage = pills.parse()
    opened = call(usage, "edit_form", b"{}").data
    sent = FilledForm(opened["html"], opened["args"]).send()
    for _number in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([path for path in hostile.places(sent) if path and path != ("digest",)]))
        sent = hostile.replaced(sent, path, data.draw(st.sampled_from(hostile.WRONG[:16]) | strategies.JSON))
    body = json.dumps(sent).encode()
    for handler in ("compare", "rehearse", "save_pill"):
        check(call(usage, handler, body))
    again = call(usage, "edit_form", b"{}").data
    assert again["ok"] and FilledForm(again["html"], again["args"]).send()["digest"]
    for view, learner in (("studio_view", "staff"), ("author_view", "staff"), ("student_view", "ann")):
        pills.block(usage, learner).render(view)


EDITS = st.lists(
    st.tuples(st.sampled_from(("title", "description", "1.title", "2.description", "recognition.prerequisites")),
              strategies.texts(200))
    | st.tuples(st.sampled_from(("add", "remove", "up")), strategies.texts(200, lines=False)),
    min_size=1, max_size=4,
)


def edited(form: FilledForm, steps: list[tuple[str, str]]) -> dict[str, Any]:
    """What is sent after these steps of an author."""
    for step, text in steps:
        keys = [card.get("data-card") for card in form.root.xpath("//*[@data-card]")]
        if step == "add":
            form.add(title=text)
        elif step == "up" and keys[1:]:
            form.move_up(keys[1])
        elif step == "remove" and keys[1:]:
            form.remove(keys[-1])
        elif step not in ("up", "remove") and (not step[0].isdigit() or step[0] in keys):
            form.fill(step, text)
    tokens = {f"key:{card.get('data-card')}" for card in form.root.xpath("//*[@data-card]")}
    return form.send(required=[token for token in form.arguments["required"] if token in tokens])


@pytest.mark.django_db
@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(theirs=EDITS, mine=EDITS)
def test_of_two_authors_the_second_is_told_and_loses_nothing(theirs, mine):
    usage = pills.parse()
    opened = call(usage, "edit_form", b"{}").data
    first, second = (edited(FilledForm(opened["html"], opened["args"]), steps) for steps in (theirs, mine))
    assert call(usage, "save_pill", json.dumps(first).encode()).status == 200
    stored = call(usage, "edit_form", b"{}").data["args"]["digest"]
    before = {name: getattr(pills.block(usage), name) for name in EMPTY}

    answer = call(usage, "save_pill", json.dumps(second).encode())

    if stored == opened["args"]["digest"]:
        assert answer.status == 200, "the first changed nothing"
        return
    assert {name: getattr(pills.block(usage), name) for name in EMPTY} == before, "the first author's work stands"
    if answer.status == 200:
        alone = pills.parse()
        assert call(alone, "save_pill", json.dumps(second).encode()).status == 200
        assert _written(alone) == _written(usage), "both wrote the same"
        return
    assert (answer.status, answer.data["code"], answer.data["digest"]) == (409, "definition-changed", stored)
    again = call(usage, "save_pill", json.dumps({**second, "digest": answer.data["digest"]}).encode())
    assert again.status == 200
    alone = pills.parse()
    only = {**second, "digest": opened["args"]["digest"]}
    assert call(alone, "save_pill", json.dumps(only).encode()).status == 200
    assert _written(usage) == _written(alone), "knowingly, the second's work is stored as if it were the only one"


def _written(usage: str) -> dict[str, Any]:
    found = {name: getattr(pills.block(usage), name) for name in EMPTY}
    return {**found, "outcomes": [{**item, "id": ""} for item in found["outcomes"]]}
