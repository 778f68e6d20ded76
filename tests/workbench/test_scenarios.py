"""The demo pill: sound as a pill, the same in both languages, and answerable down to a score."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from lxml import etree
from web_fragments.fragment import Fragment

from microcred_xblock import compat
from microcred_xblock.domain.outcomes import OutcomeStatus, assess
from microcred_xblock.workbench import scenarios

from .exercises import call, choices, place, placements

EDITIONS = {language: scenarios.scenario(language)[1] for language in scenarios.LANGUAGES}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def workbench(monkeypatch):
    """The workbench's modules, with the demo's runtime installed for one test."""
    from workbench import scenarios as workbench_scenarios
    from workbench import views

    from microcred_xblock.workbench.scenarios.runtime import install

    for module in (workbench_scenarios, views):
        monkeypatch.setattr(module, "WorkbenchRuntime", module.WorkbenchRuntime)
    monkeypatch.setattr(workbench_scenarios, "SCENARIOS", {})
    install()
    return workbench_scenarios


@pytest.fixture(params=scenarios.LANGUAGES)
def edition(request, workbench, db):
    """Loads one edition; call it with a learner to get the block as that learner meets it."""
    from microcred_xblock.workbench.scenarios.runtime import DemoRuntime

    title, olx = scenarios.scenario(request.param)
    workbench.add_xml_scenario("pill", title, olx)
    usage = workbench.SCENARIOS["pill"].usage_id

    def block(learner="ann"):
        return DemoRuntime(learner).get_block(usage)

    block.language, block.olx = request.param, olx
    return block


def test_load_gives_both_editions_english_first():
    titles = [title for title, _olx in scenarios.load()]
    assert titles == ["Fault diagnosis on a wind turbine", "Diagnostic de panne sur une éolienne"]


def test_no_text_ends_the_element_that_a_script_is_started_from(workbench, db):
    from microcred_xblock.workbench.scenarios.runtime import DemoRuntime

    olx = scenarios.unwritten().replace('url_name="new-pill"', 'display_name="&lt;/script>&lt;b>x"')
    workbench.add_xml_scenario("new", "New", olx)
    content = DemoRuntime("staff").get_block(workbench.SCENARIOS["new"].usage_id).render("studio_view").content
    (arguments,) = re.findall(r'class="xblock_json_init_args">(.*?)</script>', content)
    assert json.loads(arguments)["digest"] and "</script><b>" not in content


def test_the_unwritten_pill_has_exercises_and_nothing_else(workbench, db):
    from microcred_xblock.workbench.scenarios.runtime import DemoRuntime

    workbench.add_xml_scenario("new", "New", scenarios.unwritten())
    block = DemoRuntime("ann").get_block(workbench.SCENARIOS["new"].usage_id)
    found = compat.referenced_blocks(block)
    assert {name for name, child in found.items() if compat.is_graded(child)} >= {
        "preload", "tightening-order", "inspection"
    }
    assert (block.outcomes, block.description, block.recognition) == ([], "", {})
    assert {problem.code for problem in block.problems()} == {"no-outcomes", "text-empty"}


def test_pill_is_complete_and_without_problems(edition):
    block = edition()
    assert block.problems() == ()
    pill = block.pill()
    assert pill.language == edition.language
    assert [str(outcome.threshold) for outcome in pill.outcomes] == ["0.8", "0.7", "0.7"]
    for outcome in pill.outcomes:
        assert len(list(outcome.assessment.leaves())) >= 2
        assert [skill.framework for skill in outcome.skills] == ["ESCO"]
        assert re.fullmatch(r"http://data\.europa\.eu/esco/skill/[0-9a-f-]{36}", outcome.skills[0].uri)
    assert len({outcome.skills[0].uri for outcome in pill.outcomes}) == 3


def test_recognition_says_what_annex_i_asks(edition):
    recognition = edition().pill().recognition
    assert (recognition.workload_hours, recognition.eqf_level, recognition.isced_f) == (Decimal(3), 5, "0713")
    assert (recognition.mode, recognition.assessment_type, recognition.supervision) == (
        "online", "quiz", "unsupervised",
    )
    assert recognition.ects is None, "the awarding body of the demo states no credits"
    assert recognition.prerequisites
    assert recognition.bloc.bloc.startswith(recognition.bloc.certification + "BC")


def test_what_is_invented_says_so(edition):
    """Nobody may take the certification, the bloc or the quality mark of the demo for real ones."""
    recognition = edition().pill().recognition
    invented = (
        recognition.bloc.certification_title, recognition.bloc.bloc_title,
        recognition.quality_assurance.title + recognition.quality_assurance.agency,
    )
    for text in invented:
        assert re.search("d[eé]monstration", text)
    for url in (recognition.bloc.url, recognition.quality_assurance.url):
        assert ".example.org/" in url


def test_badge_image_survives_the_sanitiser(edition):
    image = edition().pill().image
    assert image.media_type == "image/svg+xml"
    assert image.caption
    assert b"<path" in image.data


def test_editions_certify_and_ask_the_same():
    def skeleton(olx):
        root = etree.fromstring(olx)
        outcomes = [
            (
                o.get("id"), o.get("threshold"), o.find("skill").get("uri"),
                [assessed.get("block") for assessed in o.iter("assessed-by")],
            )
            for o in root.iter("outcome")
        ]
        return outcomes, [child.get("url_name") for child in root], placements(olx), choices(olx)

    assert skeleton(EDITIONS["en"]) == skeleton(EDITIONS["fr"])


def test_no_text_is_left_untranslated():
    def texts(olx):
        root = etree.fromstring(olx)
        found = {text.strip() for text in root.itertext()} | {e.get("title") for e in root.iter("outcome")}
        for exercise in root.iter("drag-and-drop-v2"):
            data = json.loads(exercise.get("data"))
            found |= {item["displayName"] for item in data["items"]}
            found |= {text for item in data["items"] for text in item["feedback"].values()}
        return {text for text in found if text and re.search("[a-z]{3}", text)}

    assert texts(EDITIONS["en"]) & texts(EDITIONS["fr"]) == set()


def test_french_punctuation_never_starts_a_line():
    assert not re.search(r"[^ ] [;:?!»%](\s|<|$)|« ", EDITIONS["fr"])


@pytest.mark.parametrize("language", scenarios.LANGUAGES)
def test_drawings_have_a_text_alternative(language):
    root = etree.fromstring(EDITIONS[language])
    drawings = [svg for html in root.iter("html_demo") for svg in html.iter(SVG + "svg")]
    assert len(drawings) == 1
    for svg in drawings:
        assert svg.get("role") == "img"
        assert svg.find(SVG + "title").get("id") == svg.get("aria-labelledby")
        assert svg.find(SVG + "desc").get("id") == svg.get("aria-describedby")
        assert len(svg.find(SVG + "desc").text) > 100
    for exercise in root.iter("drag-and-drop-v2"):
        data = json.loads(exercise.get("data"))
        assert data["targetImgDescription"]
        assert all(zone["title"] for zone in data["zones"])


@pytest.mark.parametrize("language", scenarios.LANGUAGES)
def test_zones_lie_on_the_board_and_do_not_overlap(language):
    for exercise in etree.fromstring(EDITIONS[language]).iter("drag-and-drop-v2"):
        data = json.loads(exercise.get("data"))
        height = int(re.search("height%3D%22([0-9]+)%22", data["targetImg"]).group(1))
        boxes = [(z["x"], z["y"], z["x"] + z["width"], z["y"] + z["height"]) for z in data["zones"]]
        for number, (left, top, right, bottom) in enumerate(boxes):
            assert left >= 0 and top >= 0 and right <= 960 and bottom <= height
            for other in boxes[:number]:
                assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_right_answers_achieve_every_outcome(edition):
    block = edition()
    pill = block.pill()
    references = {leaf.block for outcome in pill.outcomes for leaf in outcome.assessment.leaves()}
    assert compat.evidence(block, references).scores == {}, "nobody has answered yet"

    for name, items in placements(edition.olx).items():
        place(compat.referenced_blocks(block)[name], items)
    for name, submission in choices(edition.olx).items():
        assert call(compat.referenced_blocks(block)[name], "submit", submission)["completed"]

    scores = compat.evidence(edition(), references).scores
    assert {name: score.fraction for name, score in scores.items()} == dict.fromkeys(references, 1)
    assert all(result.achieved for result in assess(pill.outcomes, scores))
    assert compat.evidence(edition("bea"), references).scores == {}, "another learner is not affected"


def test_wrong_answers_achieve_nothing(edition):
    block = edition()
    pill = block.pill()
    for name, items in placements(edition.olx).items():
        zones = list(items.values())
        place(compat.referenced_blocks(block)[name], dict(zip(items, zones[1:] + zones[:1], strict=True)))
    for name, submission in choices(edition.olx).items():
        wrong = {question: {"value": ""} if isinstance(s, dict) else ["limit"] for question, s in submission.items()}
        call(compat.referenced_blocks(block)[name], "submit", wrong)

    references = {leaf.block for outcome in pill.outcomes for leaf in outcome.assessment.leaves()}
    results = assess(pill.outcomes, compat.evidence(edition(), references).scores)
    assert {result.status for result in results} == {OutcomeStatus.NOT_ACHIEVED}


def test_a_decoy_that_is_placed_costs_points(edition):
    block = compat.referenced_blocks(edition())["energy-sources"]
    decoy = next(item for item in block.data["items"] if not item["zones"])
    place(block, {**placements(edition.olx)["energy-sources"], decoy["id"]: "hub"})
    assert compat.evidence(edition(), {"energy-sources"}).scores["energy-sources"].fraction == compat.exact(6 / 7)


def test_exercises_refer_to_no_other_host(edition):
    block = edition()
    for name in (*placements(edition.olx), *choices(edition.olx)):
        child = compat.referenced_blocks(block)[name]
        fragment = child.runtime.render(child, "student_view", {})
        assert not [item.data for item in fragment.resources if item.kind == "url" and "//" in item.data]


def test_exercises_on_one_page_have_ids_of_their_own(edition):
    block = edition()
    names = [compat.referenced_blocks(block)[name].url_name for name in placements(edition.olx)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w-]+", name) for name in names)


def test_exercises_speak_the_language_of_the_reader(edition):
    from django.utils import translation

    block = edition()
    placing, asking = (compat.referenced_blocks(block)[name] for name in ("lockout-order", "decisions"))
    with translation.override("fr"):
        catalogue = placing.runtime.service(placing, "i18n").get_javascript_i18n_catalog_url(placing)
        assert catalogue.endswith("/public/js/translations/fr/text.js")
        assert asking.runtime.service(asking, "i18n").gettext("Submit") == "Soumettre"
        misplaced = ("Misplaced {misplaced_count} item", "Misplaced {misplaced_count} items")
        forms = [placing.runtime.service(placing, "i18n").ngettext(*misplaced, n) for n in (1, 2)]
        assert forms == ["{misplaced_count} élément mal placé", "{misplaced_count} éléments mal placés"]
    with translation.override("sw"):
        assert placing.runtime.service(placing, "i18n").get_javascript_i18n_catalog_url(placing) is None
        assert asking.runtime.service(asking, "i18n").gettext("Submit") == "Submit"
        assert placing.runtime.service(placing, "i18n").ngettext("{n} item", "{n} items", 2) == "{n} items"


def test_local_only_keeps_everything_else():
    from microcred_xblock.workbench.scenarios.runtime import local_only

    fragment = Fragment("<p>…</p>")
    fragment.add_css_url("//cdn.example.org/icons.css")
    fragment.add_css_url("/static/own.css")
    fragment.add_javascript("go()")
    fragment.initialize_js("Go")
    local = local_only(fragment)
    assert [item.data for item in local.resources] == ["/static/own.css", "go()"]
    assert (local.content, local.js_init_fn) == ("<p>…</p>", "Go")
    assert local_only(local) is local
