"""Whole pills as an author can write them: the stored values of a block's fields, sound ones and messy ones.

``written()`` draws what makes a pill; ``messy()`` what also lies in courses: unfinished, misspelt, damaged. Both are
what OLX or the form leaves in the block: scalars are text, except that ``damaged()`` keeps no rule at all.

A new field of a pill gets a line in one of the tables below; every property of the whole then covers it.
"""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from microcred_xblock.credentials import badge_image
from microcred_xblock.definition import RECOGNITION_PARTS, RECOGNITION_VALUES
from microcred_xblock.domain.badge import COLOURS, ICONS, SHAPES
from microcred_xblock.domain.outcomes import REUSE_LEVELS
from microcred_xblock.domain.pill import Mastery
from microcred_xblock.domain.recognition import ASSESSMENT_TYPES, MODES, STACKABILITY, STAND_ALONE, SUPERVISION
from microcred_xblock.domain.text import LINE_MAX, TEXT_MAX, TITLE_MAX
from microcred_xblock.domain.upkeep import RegradePolicy

BLOCKS = ("p1", "p2", "p3", "p 4", "мотор", "p6")
LANGUAGES = ("en", "fr", "ar", "he", "pt-BR", "ja")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0h10v10z" fill="#123"/></svg>'

# Phrases that have broken software before, each of them fit for a credential.
PHRASES = (
    "Diagnose a fault", "Repérer la cause d’une panne : « méthode »", "تشخيص عطل في توربينة الرياح",
    "אבחון תקלה", "故障を診断する", "त्रुटि का निदान", "Вибрация ≥ 7,1 мм/с", "👩🏽‍🔧 wrench ready 🇫🇷", "e\u0301 and é",
    "İstanbul ıI", "\u2067مقلوب\u2069 mixed", "a  b", "two\nlines", "tab\there", " outer spaces ", "no\u00a0break",
    "{title} {{x}} {% y %} %(z)s", "<b>&amp;</b>", "\"quoted\" 'text'", "</textarea>", "C:\\path\\n", "100 %", "0",
    "null", "ﷺ", "\u200b", "x" * 60,
)
CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn"))


def texts(limit: int, *, lines: bool = True) -> st.SearchStrategy[str]:
    """Text of any script, never blank and at most ``limit`` long, now and then exactly so."""
    phrases = st.lists(st.sampled_from(PHRASES), min_size=1, max_size=3).map(" – ".join)
    longest = st.sampled_from(("é", "ع", "漢", "👩🏽‍🔧")).map(lambda sign: (sign * limit)[:limit])
    drawn = phrases | st.text(CHARACTERS, min_size=1, max_size=30) | phrases | longest
    return drawn.map(lambda text: (text if lines else text.replace("\n", " "))[:limit]).filter(str.strip)


def numbers(*values: str) -> st.SearchStrategy[str]:
    """One of ``values``, with the blanks that people leave around numbers."""
    return st.tuples(st.sampled_from(("", "", "", " ")), st.sampled_from(values)).map(lambda pair: pair[0] + pair[1])


slugs = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789-_.", min_size=1, max_size=12) | st.just("x" * 64)
urls = st.builds(
    "https://{}.example/{}".format, st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.sampled_from(("", "a/b?c=d&e=f#g", "é/عربي", "%20", "~x;y=(1)")),
)
fractions = numbers("0", "1", "0.7", "0.70", "0.725", "0.3333", "1.0", "0.0001", ".7", "+0.5")
weights = numbers("1", "2", "0.5", "2.50", "10000", "0.01", "100")
yes_no = st.sampled_from(("true", "false"))
skills = st.fixed_dictionaries(
    {"uri": st.uuids().map(lambda uid: f"http://data.europa.eu/esco/skill/{uid}") | urls, "label": texts(LINE_MAX)},
    optional={"framework": st.just("ESCO") | texts(LINE_MAX, lines=False)},
)

OUTCOME = {
    "description": texts(LINE_MAX * 4), "kind": st.sampled_from(("knowledge", "skill")),
    "reuse": st.sampled_from(REUSE_LEVELS), "logic": st.sampled_from(("and", "or")), "all_attempted": yes_no,
    "skills": st.lists(skills, min_size=1, max_size=3, unique_by=lambda skill: skill["uri"]),
}
RECOGNITION: dict[str, st.SearchStrategy[Any]] = {
    "workload_hours": numbers("3", "2.50", "0.5", "10000", "35"),
    "ects": numbers("1", "0.10", "300", "2.5"),
    "eqf_level": st.integers(1, 8).map(str),
    "isced_f": st.sampled_from(("0713", "061", "07", "9999")),
    "mode": st.sampled_from(MODES),
    "assessment_type": st.sampled_from(ASSESSMENT_TYPES),
    "supervision": st.sampled_from(SUPERVISION),
    "prerequisites": texts(TEXT_MAX),
    "quality_assurance": st.fixed_dictionaries(
        {"title": texts(LINE_MAX), "agency": texts(LINE_MAX)}, optional={"url": urls}
    ),
    "nqf": st.fixed_dictionaries(
        {"framework": texts(LINE_MAX), "level": texts(LINE_MAX)},
        optional={"url": urls | st.just("http://data.europa.eu/snb/qdr/c_5ad5d222")},
    ),
    "towards": st.fixed_dictionaries(
        {"title": texts(LINE_MAX), "framework": texts(LINE_MAX)}, optional={"code": texts(LINE_MAX), "url": urls}
    ),
    "stackability": st.sampled_from(STACKABILITY),
    "further_information": urls,
    "not_stated": st.lists(
        st.sampled_from([name.replace("_", "-") for name in (*RECOGNITION_VALUES, *RECOGNITION_PARTS)]),
        min_size=1, max_size=3, unique=True,
    ),
}
DESIGN = {
    "shape": st.sampled_from(SHAPES), "colour": st.sampled_from(COLOURS), "icon": st.sampled_from(ICONS),
    "level": yes_no, "title": yes_no,
}
UPKEEP = {
    "regrade": st.sampled_from([policy.value for policy in RegradePolicy]),
    "grace_days": st.integers(0, 365).map(str), "valid_months": st.integers(1, 600).map(str),
}
PILL: dict[str, st.SearchStrategy[Any]] = {"tags": st.lists(texts(LINE_MAX), min_size=1, max_size=3)}


@st.composite
def blocs(draw) -> dict[str, str]:
    """A certification, mostly with one of its blocs."""
    number = draw(st.integers(1, 999_999))
    data = {"certification": f"RNCP{number}", "certification_title": draw(texts(LINE_MAX))}
    if draw(st.booleans()):
        data |= {"bloc": f"RNCP{number}BC{draw(st.integers(1, 99)):02}", "bloc_title": draw(texts(LINE_MAX))}
    elif draw(st.booleans()):
        data["certification"] = f"RS{number}"
    return data | draw(st.fixed_dictionaries({}, optional={
        "url": urls, "valid_until": st.dates().map(lambda day: day.replace(year=max(day.year, 1000)).isoformat()),
    }))


RECOGNITION["bloc"] = blocs()


@st.composite
def members(draw, blocks: list[str], depth: int = 3) -> list[dict[str, Any]]:
    """What assesses an outcome: exactly ``blocks``, some of them in groups of groups."""
    found: list[dict[str, Any]] = []
    while blocks:
        data = draw(st.fixed_dictionaries({}, optional={"weight": weights, "threshold": fractions}))
        take = draw(st.integers(1, len(blocks)))
        if depth > 1 and draw(st.integers(0, 2)) == 0:
            data |= draw(st.fixed_dictionaries({}, optional={
                "logic": OUTCOME["logic"], "all_attempted": yes_no,
            }))
            data["members"] = draw(members(blocks[:take], depth - 1))
        else:
            take, data["block"] = 1, blocks[0]
        found.append(data)
        blocks = blocks[take:]
    return found


@st.composite
def outcomes(draw, name: str) -> dict[str, Any]:
    """One sound outcome."""
    used = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5, unique=True))
    return {
        "id": name, "title": draw(texts(LINE_MAX)), "threshold": draw(fractions),
        **draw(st.fixed_dictionaries({}, optional=OUTCOME)), "assessed_by": draw(members(used)),
    }


@st.composite
def masteries(draw, names: list[str]) -> dict[str, Any]:
    """A rule that outcomes of these names can meet."""
    kind = draw(st.sampled_from(Mastery))
    if kind is Mastery.ALL:
        return draw(st.sampled_from(({}, {"rule": "all"})))
    required = draw(st.lists(st.sampled_from(names), unique=True)) if kind is Mastery.REQUIRED_PLUS_N else []
    most = len(names) - len(required)
    number = draw(st.integers(0 if required else 1, most)) if most else 0
    return {"rule": kind.value, "n": str(number), **({"required": required} if required else {})}


@st.composite
def images(draw) -> dict[str, str]:
    """A badge image in the pill itself: SVG, PNG, or designed."""
    kind = draw(st.sampled_from(("svg", "text", "design")))
    if kind == "design":
        return {
            "design": draw(st.fixed_dictionaries({}, optional=DESIGN)),
            **draw(st.fixed_dictionaries({}, optional={"caption": texts(LINE_MAX)})),
        }
    png = base64.b64encode(badge_image.default_png("x", None, "en").data).decode()
    return {kind: SVG if kind == "svg" else png, "caption": draw(texts(LINE_MAX))}


@st.composite
def recognitions(draw) -> dict[str, Any]:
    """Recognition data without what cannot stand together."""
    data = draw(st.fixed_dictionaries({}, optional=RECOGNITION))
    if data.get("stackability") == STAND_ALONE:
        data = {name: value for name, value in data.items() if name not in ("bloc", "towards")}
    said = [name for name in data.get("not_stated", ()) if name.replace("-", "_") not in data]
    return {name: value for name, value in {**data, "not_stated": said}.items() if value != []}


@st.composite
def written(draw) -> dict[str, Any]:
    """A whole pill that can be awarded: the values of a block's fields."""
    names = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    return {
        "display_name": draw(texts(TITLE_MAX)), "language": draw(st.sampled_from(LANGUAGES)),
        "description": draw(texts(TEXT_MAX)), "outcomes": [draw(outcomes(name)) for name in names],
        "mastery": draw(masteries(names)),
        "recognition": draw(recognitions()),
        "upkeep": draw(st.fixed_dictionaries({}, optional=UPKEEP)),
        "badge_image": draw(st.just({}) | images()),
        **draw(st.fixed_dictionaries({}, optional=PILL)),
    }


# What no rule understands, as OLX leaves it.
UNKNOWN = {
    "unknown": st.dictionaries(
        st.sampled_from(("colour", "treshold", "all_attempted", "x-data")), texts(40), min_size=1, max_size=2
    ),
    "unknown_elements": st.lists(
        st.sampled_from(("<asessed-by block=\"p1\"/>", "<w:x xmlns:w=\"urn:w\">é</w:x>", "<note>a <b>c</b> d</note>")),
        min_size=1, max_size=2,
    ),
}
RUBBISH = st.sampled_from((
    "", "70 %", "0,7", "-1", "NaN", "1e400", "٧٠", "yes", "True", "physics", "http://", "javascript:alert(1)",
    "2027-13-45", "RNCP", "RNCP1BC02", "keep ", "p1", "gone", "a b", "999999999999999999999", "x" * 6_000,
    "\x7f", "\x85",
)) | texts(40)


@st.composite
def messy(draw) -> dict[str, Any]:
    """A pill in the making, or one that has been through other hands; text and lists all the same."""
    fields = deepcopy(draw(written()))
    for _number in range(draw(st.integers(1, 6))):
        place = draw(st.sampled_from(list(_places(fields))))
        name = draw(st.sampled_from(sorted(place)))
        mishap = draw(st.sampled_from(("rubbish", "gone", "unknown")))
        if mishap == "rubbish" and isinstance(place[name], str) and name != "svg":
            place[name] = draw(RUBBISH)
        elif mishap == "gone" and place is not fields and name != "members":
            del place[name]
        elif mishap == "unknown" and place is not fields:
            place.update(draw(st.fixed_dictionaries({}, optional=UNKNOWN)))
    if draw(st.booleans()):
        fields["outcomes"].append(deepcopy(draw(st.sampled_from(fields["outcomes"]))))  # two with one id
    return fields


def _places(value: Any):
    """Every mapping inside that has something to spoil."""
    if isinstance(value, dict):
        if value:
            yield value
        for key, inner in value.items():
            if key not in UNKNOWN:
                yield from _places(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _places(inner)


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | RUBBISH | st.sampled_from(BLOCKS)
KEYS = st.sampled_from(sorted({
    *OUTCOME, *RECOGNITION, *UPKEEP, *UNKNOWN, *DESIGN, "id", "title", "threshold", "assessed_by", "block", "weight",
    "members", "label", "uri", "rule", "n", "required", "certification", "bloc_title", "valid_until", "agency", "url",
    "caption", "svg", "src", "text", "media_type",
}))
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
)


@st.composite
def damaged(draw) -> dict[str, Any]:
    """Fields of the right outer type with anything inside that JSON can hold."""
    fields = dict(draw(written()))
    inside = {"outcomes": st.lists(JSON, max_size=3), "tags": st.lists(JSON, max_size=3)}
    for name in ("mastery", "recognition", "upkeep", "badge_image"):
        inside[name] = st.dictionaries(KEYS, JSON, max_size=5)
    for name in draw(st.lists(st.sampled_from(sorted(inside)), min_size=1, unique=True)):
        fields[name] = draw(inside[name])
    return fields
