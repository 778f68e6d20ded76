"""Files as authors have them: encodings, delimiters, headers, lists, and files that cannot be used."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock import definition, messages
from microcred_xblock.authoring.frameworks import MAX_BYTES, MAX_ITEMS, Framework, read
from microcred_xblock.authoring.frameworks.tables import MAX_CELL
from microcred_xblock.definition import Definition
from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.translation import Translator

MOODLE = "Parent ID number,ID number,Short name,Description,Description format,,,,,,,,Is framework,\n"
TABLE = "Titre;Nature;Seuil\r\nRéparer une éolienne;savoir-faire;72,5 %\r\n\"Décider\nquoi faire\";Connaissance;0,5\r\n"


def values(data: bytes | str, language: str = "en") -> list[dict]:
    data = data.encode() if isinstance(data, str) else data
    return [dict(item.values) for item in read(data, language).items]


def refusal(data: bytes | str, language: str = "en") -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read(data.encode() if isinstance(data, str) else data, language)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_encodings_of_spreadsheets(encoding):
    found = read(TABLE.encode(encoding), "fr")
    assert [dict(item.values) for item in found.items] == [
        {"title": "Réparer une éolienne", "kind": "skill", "threshold": "0.725"},
        {"title": "Décider\nquoi faire", "kind": "knowledge", "threshold": "0.5"},
    ]
    assert [note[0] for note in found.notes] == (["encoding"] if encoding == "cp1252" else [])


def test_arabic_from_a_spreadsheet_on_windows():
    found = read("العنوان;العتبة\r\nتحديد العطل;70 %\r\n".encode("cp1256"), "ar")
    assert dict(found.items[0].values) == {"title": "تحديد العطل", "threshold": "0.7"}
    assert found.notes == [("encoding", 1, "Windows-1256")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter):
    rows = [["Title", "Description"], ['"Read, then decide"', '"a;b"'], ['"Say ""no"""', ""]]
    text = "\n".join(delimiter.join(row) for row in rows)
    if delimiter == "|":
        text = "sep=|\n" + text
    assert values(text) == [{"title": "Read, then decide", "description": "a;b"}, {"title": 'Say "no"'}]


@pytest.mark.parametrize("header", [
    "identifier,STATEMENT,reuse level,Threshold,Skill URI,skill label",
    "Identifiant;Énoncé;Niveau de réutilisation;Seuil en %;URI de l’aptitude;Libellé de l'aptitude",
    "المعرّف;العبارة;مستوى إعادة الاستخدام;العتبة;معرّف المهارة;اسم المهارة",
    "id_number;full_statement;reuse-level;threshold;skill_uri;Skill_Label",
])
def test_headers_in_three_languages(header):
    delimiter = ";" if ";" in header else ","
    row = delimiter.join(["a.1", "Locate a fault", "cross-sector", "70%", "https://example.org/1", "Locate faults"])
    assert values(f"{header}\n{row}\n") == [{
        "id": "a.1", "title": "Locate a fault", "reuse": "cross-sector", "threshold": "0.7",
        "skills": [{"uri": "https://example.org/1", "label": "Locate faults", "framework": "example.org"}],
    }]


@pytest.mark.parametrize(("written", "fraction"), [
    ("70", "0.7"), ("70%", "0.7"), ("70 %", "0.7"), ("0.7", "0.7"), ("0,7", "0.7"), ("1", "1"), ("1%", "0.01"),
    ("٧٠٪", "0.7"), ("0", "0"), ("100", "1"), ("72,55 %", "0.7255"),
])
def test_thresholds_as_people_write_them(written, fraction):
    assert values(f'Title;Threshold\nA;"{written}"\n')[0]["threshold"] == fraction


def test_what_cannot_be_used_of_a_row_is_left_out_and_told():
    found = read(
        b"Id,Title,Kind,Reuse,Threshold,Skill URI,Skill label,Mood\n"
        b'an id,First,attitude,everywhere,most,javascript:alert(1),Bad,good\n'
        b'x,,,,,,,lonely\n'
        b'same,Second,,,101,,,\nsame,Third,,,,,,\n', "en",
    )
    assert [dict(item.values) for item in found.items] == [
        {"title": "First"}, {"id": "same", "title": "Second"}, {"title": "Third"},
    ]
    assert {code: (count, where) for code, count, where in found.notes} == {
        "unknown-columns": (1, "Mood"), "kind": (1, "attitude"), "reuse": (1, "everywhere"),
        "threshold": (2, "most"), "skill": (1, "javascript:alert(1)"), "untitled": (1, "3"),
    }


def test_a_pasted_list_is_one_title_a_line():
    found = read("1. Locate a fault\n\n  - Decide, what to do\n• Report\n(4) Say it\n".encode(), "en")
    assert [item.values["title"] for item in found.items] == [
        "Locate a fault", "Decide, what to do", "Report", "Say it",
    ]
    assert found.notes == [("lines", 1, "")]


def test_a_title_that_is_too_long_is_kept_in_full_below_it():
    long = "Locate " + "a fault and another one " * 30
    found = read(f"Title,Description\n{long},More\n".encode(), "en")
    value = found.items[0].values
    assert len(value["title"]) <= 500 and value["title"].endswith("…") and long.startswith(value["title"][:-1])
    assert value["description"] == long.strip() + "\n\nMore"
    assert found.notes[0][0] == "shortened"


def test_control_characters_never_reach_a_credential():
    found = read("Title\nLocate\x0ba \x1bfault\x85 here\n".encode(), "en")
    assert found.items[0].values["title"] == "Locate\na fault here"
    assert [note[0] for note in found.notes] == ["controls"]


@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"), (b"\xef\xbb\xbf \n", "empty"), (b"PK\x03\x04rest", "workbook"), (b"%PDF-1.7", "pdf"),
    (b"\xd0\xcf\x11\xe0old", "workbook"), (b"<HTML lang=en", "markup"), (b"<a>b</a>\n", "markup"),
    (b"<?xml version='1.0'?><a", "markup"), (b"<!DOCTYPE html>\n<p>a", "markup"), (b"\x00\x01\x02\x03" * 100, "binary"),
    (bytes(range(1, 32)) * 50, "binary"), (b"\xff\xfea", "encoding"), (b"Title\n", "no-items"),
    (b"Ziel,Text\na,b\nc,d\n", "no-title"), (b"Ziel;Text\na;b\n", "no-title"), (b'Title,x\n"abc', "open-quote"),
    (b'Title,x\nA,b\n"a"b,c\n', "quotes"), (b"{", "json"), (b'{"a": 1,}', "json"), (b"[" * 1_900_000, "json-deep"),
    (b'{"a":' * 300_000, "json-deep"), (b'{"a":' + b"9" * 5_000 + b"}", "json-deep"), (b"[]", "case"),
    (b'{"CFDocument": 1}', "case"), (b'{"CFDocument": {}, "CFItems": {}}', "case"),
    (b'{"CFDocument": {}, "CFItems": [1]}', "case"),
    (b'{"CFDocument": {}, "CFItems": [], "CFAssociations": [[]]}', "case"),
    (b'{"CFDocument": {"title": "x"}}', "no-items"), (b"Title\n" + b"a\n" * (MAX_ITEMS + 1), "many"),
    (b"Title\n" * (MAX_BYTES // 6 + 1), "large"), (b"Title,x\nA," + b"b" * 140_000, "cell"),
    (b"Title,x\nA,b\n" + b"C," * 1_001 + b"d\n", "columns"), (b"Title\n" + b"a" * (MAX_BYTES - 6), "cell"),
])
def test_files_that_cannot_be_used(data, code):
    error = refusal(data)
    assert error.code == f"framework-{code}"
    told = messages.explain(error, Translator("en"))
    assert told != messages.text("invalid-input", Translator("en")) and "–" not in told and "{" not in told


def test_outcomes_about_markup_are_outcomes():
    found = read(b"<img> and <picture>: choose one\nUse <b> for words\n", "en")
    assert [item.values["title"] for item in found.items] == ["<img> and <picture>: choose one", "Use <b> for words"]


def test_errors_say_where():
    assert refusal('Title,x\nA,"two\nlines"\n"open').params["line"] == 4
    assert (refusal('{\n  "a": 1,\n}').params["line"], refusal('{\n  "a": tru').params["column"]) == (3, 8)
    assert refusal('{"CFDocument": {}, "CFItems": [{}, 2]}').params["where"] == "CFItems[1]"
    assert refusal("Ziel;Text\na;b\n").params["found"] == "Ziel, Text"
    long = refusal('Title,x,y\n"A\n,B","b","' + "c\n" * 70_000 + '"\n').params
    assert (long["line"], long["column"], long["limit"]) == (2, 3, 131_072)
    wide = refusal("Title\nA\n\nB" + ",b" * 1_000 + "\n").params
    assert (wide["line"], wide["limit"]) == (4, 1_000)


def test_the_largest_file_is_read():
    data = (b"Title\n" + (b"a" * 400 + b"\n") * MAX_ITEMS)[:MAX_BYTES]
    assert len(data) == MAX_BYTES and len(values(data)) == 4_988


def test_the_longest_cell_is_read():
    found = values("Title,Description\nA," + "b" * MAX_CELL + "\n")
    assert found[0]["description"].endswith("…")


def test_empty_columns_that_a_spreadsheet_adds_are_no_columns():
    assert values("Title" + "," * 16_383 + "\nA" + "," * 16_383 + "\n") == [{"title": "A"}]


@pytest.mark.parametrize("data", [
    b"Title" + b" " * 1_900_000 + b"x,b\n1,2\n",
    b"," * 1_900_000,
    b"Title," + b"x," * 900_000 + b"\nA,b\n",
    b"Title\t" + b"e\t" * 900_000 + b"\nA\tb\n",
    b"x," * 900_000,
    b'"' * 1_900_000,
    b"Title\n" + b"<" * 1_900_000,
    b"'" * 1_900_000 + b"\n",
    f'{MOODLE},a,A,"{"<p>" * 400_000}",1,,,,,,,,,'.encode(),
    f"{MOODLE},a,A,{'&amp;' * 20_000},1,,,,,,,,,".encode(),
    (MOODLE + "b,a,A,,1,,,,,,,,,\na,b,B,,1,,,,,,,,,\n" + "a,c,C,,1,,,,,,,,,\n" * 40_000).encode(),
    json.dumps({"CFDocument": {}, "CFItems": [{"fullStatement": "a", "uri": "u"}] * 4_900, "CFAssociations": [
        {"associationType": "isChildOf", "originNodeURI": "u", "destinationNodeURI": "u"}] * 10_000}).encode(),
])
def test_hostile_files_are_answered_soon(data):
    start = time.monotonic()
    with suppress(InvalidInput):
        read(data, "en")
    assert time.monotonic() - start < 5


def accepted(found: Framework) -> None:
    """Everything that is offered can be saved: the domain takes each item as an outcome."""
    for item in found.items:
        values = {"id": "made-on-saving", "threshold": "0.7", **item.values, "assessed_by": [{"block": "p"}]}
        pill, problems = definition.read(Definition(id="p", title="T", description="D", outcomes=[values]))
        assert problems == () and pill is not None, item


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    try:
        found = read(data, "en")
    except InvalidInput as error:
        assert error.code.startswith("framework-")
    else:
        assert found.items
        accepted(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([
        "https://example.org/1", "isChildOf", "isRelatedTo", "\ud800", "a\x00b", "long " * 500, "Knowledge",
    ]), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([
        "CFDocument", "CFItems", "CFAssociations", "identifier", "uri", "fullStatement", "originNodeURI",
        "destinationNodeURI", "associationType", "title", "notes", "humanCodingScheme", "CFItemType",
        "abbreviatedStatement", "CFAssociationGroupingURI",
    ]), inner, max_size=5), max_leaves=20,
)


ITEMS = st.dictionaries(st.sampled_from(["identifier", "uri", "fullStatement", "notes", "humanCodingScheme"]), JSON)
LINK = dict.fromkeys(("originNodeURI", "destinationNodeURI", "sequenceNumber", "CFAssociationGroupingURI"), JSON)
LINKS = st.fixed_dictionaries({"associationType": st.sampled_from(["isChildOf", "isRelatedTo"])}, optional=LINK)


@given(
    items=st.lists(ITEMS, max_size=4) | JSON, associations=st.lists(LINKS, max_size=4) | JSON,
    document=st.just({"title": "T"}) | JSON,
)
def test_any_json_is_read_or_refused(items, associations, document):
    data = json.dumps({"CFDocument": document, "CFItems": items, "CFAssociations": associations})
    try:
        found = read(data.encode(), "en")
    except InvalidInput as error:
        assert re.match("framework-", error.code)
    else:
        keys = {item.key for item in found.items}
        assert all(not item.parent or item.parent in keys for item in found.items)
        accepted(found)
