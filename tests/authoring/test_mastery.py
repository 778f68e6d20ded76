"""The words for reading the mastery rule back."""

from __future__ import annotations

import json

from microcred_xblock.authoring import mastery
from microcred_xblock.authoring.form import script_arguments
from microcred_xblock.authoring.plurals import MOST, plural
from microcred_xblock.translation import Translator, bundled

from .page import page


def test_each_number_has_the_form_of_its_language():
    arabic = bundled("ar")

    def form(number):
        return ["none", "one", "two", "few", "many", "other"][arabic.plural(number)]

    sent = plural(form)
    assert [sent["forms"][int(place)] for place in sent["of"]] == [form(number) for number in range(MOST + 1)]
    assert sent["forms"] == ["none", "one", "two", "few", "many", "other"]


def test_the_words_are_sent_once_for_all_numbers():
    assert len(json.dumps(mastery.script(page({}), Translator("ar")))) < 8_000
    assert len(json.dumps(script_arguments(page({}), Translator("en"))["texts"])) < 3_000


def test_required_outcomes_by_key_or_by_id_where_they_are_gone():
    outcomes = [{"id": "a"}, {"id": "b"}, {"id": "a"}, 5, {}]
    keys = ["1", "2", "3", "4", "5"]
    assert mastery.required({"required": ["a", "gone", "b"]}, outcomes, keys) == ["key:1", "id:gone", "key:2"]
    assert mastery.required({"required": 5}, outcomes, keys) == []
    assert mastery.required(None, [], []) == []
