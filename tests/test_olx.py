"""The readable OLX of a pill: nothing an author wrote is lost, in either direction."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from microcred_xblock import olx
from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.olx import reading

CONTROLS = "".join(map(chr, [*range(9), 11, 12, *range(14, 32)])) + "\ufffe\uffff"
TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters=CONTROLS), min_size=1, max_size=30
)
NAME = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
UNKNOWN = {
    "unknown": st.dictionaries(st.sampled_from(["coluor", "wieght", "all_attempted_"]), TEXT, min_size=1),
    "unknown_elements": st.lists(st.sampled_from(["<b/>", "<x y=\"1\">z<w/>é</x>"]), min_size=1, max_size=2),
}


def some(**keys):
    """Dictionaries with any of ``keys``."""
    return st.fixed_dictionaries({}, optional={**keys, **UNKNOWN})


LEAF = some(weight=TEXT, threshold=TEXT).flatmap(lambda d: TEXT.map(lambda block: {**d, "block": block}))
MEMBER = st.recursive(
    LEAF,
    lambda inner: st.tuples(
        some(logic=TEXT, threshold=TEXT, weight=TEXT, all_attempted=TEXT), st.lists(inner, max_size=3)
    ).map(lambda pair: {**pair[0], "members": pair[1]}),
    max_leaves=4,
)
OUTCOME = some(
    id=TEXT, title=TEXT, kind=TEXT, reuse=TEXT, threshold=TEXT, logic=TEXT, all_attempted=TEXT, description=TEXT,
    skills=st.lists(some(uri=TEXT, label=TEXT, framework=TEXT), min_size=1, max_size=2),
    assessed_by=st.lists(MEMBER, min_size=1, max_size=3),
)
FIELDS = st.fixed_dictionaries({}, optional={
    "description": TEXT,
    "outcomes": st.lists(OUTCOME, min_size=1, max_size=3),
    "mastery": some(rule=TEXT, n=TEXT, required=st.lists(NAME, min_size=1)).filter(bool),
    "recognition": some(
        workload_hours=TEXT, eqf_level=TEXT, isced_f=TEXT, prerequisites=TEXT,
        quality_assurance=some(title=TEXT, agency=TEXT, url=TEXT),
        bloc=some(certification=TEXT, bloc=TEXT, valid_until=TEXT),
        nqf=some(framework=TEXT, level=TEXT, url=TEXT),
        towards=some(title=TEXT, framework=TEXT, code=TEXT, url=TEXT),
        stackability=TEXT,
        further_information=TEXT,
        not_stated=st.lists(st.sampled_from(["mode", "eqf-level", "bloc", "eqf_level", "wat"]), min_size=1),
    ).filter(bool),
    "badge_image": some(
        caption=TEXT, src=TEXT, text=TEXT.filter(str.strip),
        design=some(shape=TEXT, colour=TEXT, icon=TEXT, level=TEXT, title=TEXT),
        svg=st.just('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'),
    ).filter(bool),
    "upkeep": some(regrade=TEXT, grace_days=TEXT, valid_months=TEXT).filter(bool),
    "tags": st.lists(TEXT, min_size=1, max_size=3),
    "unknown_elements": st.just(["<summary>Second</summary>", "<wat>hi</wat>"]),
})


@settings(max_examples=150, deadline=None)
@given(FIELDS)
def test_what_is_written_is_read_again(fields):
    if "unknown_elements" in fields:
        fields.setdefault("description", "First")  # a second summary is only second after a first
    node = etree.Element("learning_pill")
    etree.SubElement(node, "problem", url_name="p1")
    olx.give(node, fields)
    again = etree.fromstring(etree.tostring(node, pretty_print=True))

    taken = olx.take(again)

    assert taken == fields
    assert [child.tag for child in again] == ["problem"]


def test_the_documented_form_is_understood():
    node = etree.fromstring("""
      <learning_pill display_name="P">
        <!-- a note -->
        <summary> What for. </summary>
        <outcome id="a" title="A" threshold="0.7" all-attempted="true">
          <skill uri="http://data.europa.eu/esco/skill/1" label="s"/>
          <assessed-by block="p1" weight="2"/>
          <group logic="or" threshold="0.5"><assessed-by block="p2"/></group>
        </outcome>
        <mastery rule="required-plus-n" n="1" required="a  b"/>
        <recognition eqf-level="4"><bloc certification="RNCP1" valid-until="2027-01-01"/></recognition>
        <html_demo>text</html_demo>
        <upkeep regrade="suspend" grace-days="7" valid-months="24"/>
        <tag>wind</tag>
      </learning_pill>""")

    assert olx.take(node) == {
        "description": "What for.",
        "outcomes": [{
            "id": "a", "title": "A", "threshold": "0.7", "all_attempted": "true",
            "skills": [{"uri": "http://data.europa.eu/esco/skill/1", "label": "s"}],
            "assessed_by": [
                {"block": "p1", "weight": "2"},
                {"logic": "or", "threshold": "0.5", "members": [{"block": "p2"}]},
            ],
        }],
        "mastery": {"rule": "required-plus-n", "n": "1", "required": ["a", "b"]},
        "recognition": {"eqf_level": "4", "bloc": {"certification": "RNCP1", "valid_until": "2027-01-01"}},
        "upkeep": {"regrade": "suspend", "grace_days": "7", "valid_months": "24"},
        "tags": ["wind"],
    }
    assert [child.tag for child in node] == ["html_demo"]


def test_misspelt_parts_are_kept_and_named():
    node = etree.fromstring(
        '<learning_pill><outcome id="a" treshold="0.7" all_attempted="true"><asessed-by block="p1"/></outcome>'
        "</learning_pill>"
    )
    (outcome,) = olx.take(node)["outcomes"]
    assert outcome["unknown"] == {"treshold": "0.7", "all_attempted": "true"}
    assert outcome["unknown_elements"] == ['<asessed-by block="p1"/>']


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<wat>hi</wat>", True),
        ('<wat url_name="x">hi</wat>', True),
        ('<wat url_name="x"><html_demo/></wat>', True),
        ('<w:wat xmlns:w="urn:wat"/>', True),
        ("<html_demo>hi</html_demo>", False),
        ('<wat url_name="x"/>', False),  # its file may hold what the platform keeps for a block that is not installed
        ('<wat xblock-family="xblock_asides.v1">hi</wat>', False),
        ('<option:wat xmlns:option="http://code.edx.org/xblock/option">hi</option:wat>', False),
    ],
)
def test_only_what_cannot_be_a_block_is_kept_as_unknown(markup, kept):
    node = etree.fromstring(f"<learning_pill>{markup}</learning_pill>")
    fields = olx.take(node)
    assert fields == ({"unknown_elements": [markup]} if kept else {})
    assert len(node) == (not kept)


def test_a_block_that_is_installed_but_does_not_load_is_left_to_the_platform(monkeypatch):
    def broken(_tag):
        raise ImportError("no such library")

    monkeypatch.setattr(reading.XBlock, "load_class", broken)
    node = etree.fromstring("<learning_pill><wat>hi</wat></learning_pill>")
    assert olx.take(node) == {} and len(node) == 1


def _without_entities(text):
    return etree.fromstring(text, etree.XMLParser(resolve_entities=False))


@pytest.mark.parametrize(
    "place",
    [
        "<summary>&boom;</summary>", "<wat>&boom;</wat>", "&boom;",
        "<outcome><description>&boom;</description></outcome>",
    ],
)
def test_entities_are_refused(place):
    node = _without_entities(f'<!DOCTYPE p [<!ENTITY boom SYSTEM "file:///etc/passwd">]><p>{place}</p>')
    with pytest.raises(InvalidInput) as caught:
        olx.take(node)
    assert caught.value.code == "olx-entity"


def test_absurd_size_and_depth_are_refused_before_anything_is_taken():
    large = etree.Element("p")
    etree.SubElement(large, "summary").text = "x" * (olx.MAX_CHARACTERS + 1)
    many = etree.Element("p")
    outcome = etree.SubElement(many, "outcome")
    for _ in range(olx.MAX_ELEMENTS):
        etree.SubElement(outcome, "skill")
    deep = etree.Element("p")
    group = etree.SubElement(deep, "outcome")
    for _ in range(olx.MAX_NESTING):
        group = etree.SubElement(group, "group")

    for node, code in ((large, "olx-too-large"), (many, "olx-too-large"), (deep, "olx-too-deep")):
        with pytest.raises(InvalidInput) as caught:
            olx.take(node)
        assert caught.value.code == code
        assert len(node) == 1


def test_a_title_of_ten_thousand_characters_survives():
    node = etree.fromstring(f'<p><outcome id="a" title="{"x" * 10_000}"/></p>')
    assert len(olx.take(node)["outcomes"][0]["title"]) == 10_000


def test_what_xml_cannot_hold_is_replaced_visibly():
    node = etree.Element("p")
    olx.give(node, {"description": "a\x0bb", "outcomes": [{"title": "\x00"}]})
    again = etree.fromstring(etree.tostring(node))
    assert olx.take(again) == {"description": "a\ufffdb", "outcomes": [{"title": "\ufffd"}]}
