"""What a pill takes over: the pill beats the course, which beats the organisation; nothing can be meant, too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock import definition
from microcred_xblock.inheritance import ELEMENTS, Layer, effective, inherited, layer, offered, says

from .domain import strategies

URL = "https://example.org/x"
VALUES = {
    "workload_hours": ("3", "12.5"), "ects": ("0.1", "1"), "eqf_level": ("4", "5"), "isced_f": ("0713", "061"),
    "mode": ("online", "blended"), "assessment_type": ("quiz", "project"),
    "supervision": ("supervised", "unsupervised"),
    "prerequisites": ("None.", "Some."), "stackability": ("stand-alone", "stackable"),
    "further_information": (URL, URL + "y"),
    "quality_assurance": ({"title": "Q", "agency": "A"}, {"title": "R", "agency": "B", "url": URL}),
    "nqf": ({"framework": "F", "level": "4"}, {"framework": "F", "level": "5", "url": URL}),
    "bloc": (
        {"certification": "RNCP1", "certification_title": "C"},
        {"certification": "RS2", "certification_title": "D", "valid_until": "2029-01-01"},
    ),
    "towards": ({"title": "T"}, {"title": "U", "framework": "V", "code": "1"}),
}
NAMES = st.lists(st.sampled_from(ELEMENTS).map(lambda name: name.replace("_", "-")), max_size=4, unique=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats(allow_nan=False) | strategies.texts | st.sampled_from(
        ["online", "RNCP1", "4", "stand-alone", URL, ""]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*ELEMENTS, "not_stated", "not-stated", "title", "certification", "level", "eqf-level", "x"]),
        inner, max_size=5,
    ),
    max_leaves=12,
)


@st.composite
def said(draw):
    """Recognition data as an author or a layer may have them; contradictions are left to whoever joins them."""
    names = draw(st.lists(st.sampled_from(ELEMENTS), unique=True))
    data = {name: draw(st.sampled_from(VALUES[name])) for name in names}
    if data.get("stackability") == "stand-alone" and {"bloc", "towards"} & data.keys():
        data["stackability"] = "stackable"
    not_stated = [name for name in draw(NAMES) if name.replace("-", "_") not in data]
    return {**data, **({"not_stated": not_stated} if not_stated else {})}


layers = st.tuples(said(), said(), said()).map(
    lambda found: [layer(name, data) for name, data in zip(("course", "organisation", "site"), found, strict=True)]
)


def test_each_element_has_values_to_try():
    assert VALUES.keys() == set(ELEMENTS)


@given(JSON)
def test_without_anything_to_inherit_the_author_s_data_are_the_very_same(own):
    assert effective(own, ()) is own
    assert effective(own, [layer("course", {}), Layer(source="site")]) is own


@given(said(), layers)
def test_twice_is_once(own, found):
    once = effective(own, found)
    assert effective(once, found) == once


@given(said(), layers)
def test_what_the_pill_says_counts(own, found):
    result = effective(own, found)
    assert {name: result[name] for name in own} == own


@given(said(), layers)
def test_each_element_comes_from_the_first_that_speaks_of_it(own, found):
    result = effective(own, found)
    for name in set(ELEMENTS) - {"stackability", "bloc", "towards"}:
        spoken = [data for data in (own, *(one.data for one in found))
                  if says(data, name) or name in definition.unstated(data)]
        if spoken and says(spoken[0], name):
            assert result[name] == spoken[0][name]
        else:
            assert name not in result


@given(said(), layers)
def test_what_is_not_to_be_stated_is_not(own, found):
    result = effective(own, found)
    assert not definition.unstated(own) & result.keys()


@given(said(), layers)
def test_nothing_is_ever_contradicted_by_what_is_inherited(own, found):
    recognition, problems = definition.read_recognition(effective(own, found))
    assert recognition is not None, problems


@given(said(), layers)
def test_the_source_of_each_element_is_known(own, found):
    result, sources = effective(own, found), inherited(own, found)
    assert {name for name in ELEMENTS if name in result} == {*sources, *(name for name in ELEMENTS if name in own)}
    assert all(result[name] == one.data[name] for name, one in sources.items())
    assert offered(found) == inherited({}, found)


@given(JSON, said())
def test_nothing_that_somebody_stored_breaks_a_layer(given_data, own):
    found = layer("organisation", given_data)
    assert definition.read_recognition(found.data)[1] == ()
    assert definition.read_recognition(effective(own, [found]))[1] == ()
    assert all(problem.params["element"] for problem in found.problems)


def test_what_is_usable_in_a_layer_is_used_and_the_rest_is_told():
    found = layer("course", {
        "workload-hours": 3, "ects": 0.5, "eqf_level": 12, "mode": "onlin", "mood": "calm", "isced_f": "",
        "quality_assurance": {"title": "Qualiopi"}, "prerequisites": None, "not_stated": ["supervision"],
    })
    assert found.data == {"workload_hours": "3", "ects": "0.5", "not_stated": ["supervision"]}
    assert [(problem.code, problem.params["element"]) for problem in found.problems] == [
        ("eqf-level", "eqf_level"), ("recognition-code", "mode"), ("text-empty", "quality_assurance"),
        ("olx-unknown", "mood"),
    ]


def test_a_layer_may_be_nested_as_deeply_as_anything_can_be_stored():
    deep = {"title": "x"}
    for _ in range(900):
        deep = {"nqf": deep}
    found = layer("course", {**deep, "mode": "online"})
    assert found.data == {"mode": "online"}
    assert {problem.params["element"] for problem in found.problems} == {"nqf"}


@pytest.mark.parametrize("given_data", ["mode", 3, ["mode"], None, True])
def test_a_layer_of_a_wrong_shape_is_empty_and_told(given_data):
    found = layer("site", given_data)
    assert found.data == {} and [problem.code for problem in found.problems] == ["definition-damaged"]


@pytest.mark.parametrize(("own", "given_data", "result"), [
    ({"stackability": "stand-alone"}, {"bloc": VALUES["bloc"][0]}, {"stackability": "stand-alone"}),
    ({"towards": {"title": "T"}}, {"stackability": "stand-alone"}, {"towards": {"title": "T"}}),
    ({"towards": {"title": "T"}}, {"stackability": "stackable"},
     {"towards": {"title": "T"}, "stackability": "stackable"}),
    ({"not_stated": ["eqf-level"]}, {"eqf_level": 4, "mode": "online"},
     {"not_stated": ["eqf-level"], "mode": "online"}),
    ({"mode": ""}, {"mode": "online"}, {"mode": "online"}),
    ({"mode": "online", "not_stated": ["mode"]}, {"mode": "blended"}, {"mode": "online", "not_stated": ["mode"]}),
    ("damaged", {"mode": "online"}, "damaged"),
])
def test_single_cases(own, given_data, result):
    assert effective(own, [layer("organisation", given_data)]) == result


def test_a_stronger_source_can_leave_unsaid_what_a_weaker_one_says():
    found = [layer("course", {"not_stated": ["mode"]}), layer("organisation", {"mode": "online", "ects": 1})]
    assert effective({}, found) == {"ects": "1"}
    assert effective({"mode": "blended"}, found)["mode"] == "blended"


def test_one_misspelt_name_does_not_undo_what_is_not_to_be_stated():
    found = layer("course", {"not-stated": ["ects", "mood", "eqf-level"], "mode": "online"})
    assert found.data == {"mode": "online", "not_stated": ["ects", "eqf-level"]}
    assert [(problem.code, problem.params["element"]) for problem in found.problems] == [
        ("olx-unknown", "not_stated: mood"),
    ]
    below = layer("organisation", {"ects": "1", "eqf_level": "4"})
    assert offered([found, below]).keys() == {"mode"}
