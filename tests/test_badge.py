"""The badge of a pill from its OLX on: a design is read, drawn, told of, exported, and changes no version."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from workbench.runtime import WorkbenchRuntime

from . import pills
from .scorebox import OldBox, PlainBox, ScoreBox, installed

pytestmark = pytest.mark.django_db
DESIGN = '<design shape="shield" colour="navy" icon="turbine" level="true" title="false"/>'
VERSION = "fd74bbafabef"  # of the pill in pills.PILL, before badges could be designed


@pytest.fixture(autouse=True)
def boxes():
    with installed(scorebox=ScoreBox, oldbox=OldBox, plainbox=PlainBox):
        yield


def designed(design: str = DESIGN, caption: str = ' caption="A turbine"') -> str:
    """The pill with a designed badge."""
    return pills.PILL.replace(
        f'<badge-image caption="A badge">{pills.SVG}</badge-image>', f"<badge-image{caption}>{design}</badge-image>"
    )


def test_a_designed_badge_is_part_of_the_pill_but_not_of_its_version():
    pill = pills.block(pills.parse(designed())).pill()
    assert (pill.image.media_type, pill.image.caption) == ("image/png", "A turbine")
    assert Image.open(io.BytesIO(pill.image.data)).size == (600, 600)
    assert pill.version == pills.block(pills.parse()).pill().version == VERSION


def test_without_a_caption_the_proposed_one_counts():
    pill = pills.block(pills.parse(designed(caption="").replace('language="en"', 'language="fr"'))).pill()
    assert pill.image.caption == "Badge\u00a0: Fault diagnosis"


def test_the_badge_follows_the_level_of_the_pill():
    one, other = (
        pills.block(pills.parse(designed().replace('eqf-level="4"', f'eqf-level="{level}"'))).pill() for level in (4, 5)
    )
    assert one.image.data != other.image.data


def test_a_design_comes_back_from_an_export_as_it_was():
    usage = pills.parse(designed('<design icon="gear" level="maybe" size="9"><dot/></design>'))
    block, file = pills.block(usage), io.BytesIO()
    assert block.badge_image == {
        "caption": "A turbine", "design": {
            "icon": "gear", "level": "maybe", "unknown": {"size": "9"}, "unknown_elements": ["<dot/>"],
        },
    }
    block.runtime.export_to_xml(block, file)
    again = WorkbenchRuntime("author")
    again.id_generator.set_scenario("again")
    exported = file.getvalue().decode().partition("?>")[2]
    assert '<design icon="gear" level="maybe" size="9">' in exported
    assert pills.block(again.parse_xml_string(exported)).badge_image == block.badge_image


@pytest.mark.parametrize(("design", "field", "code"), [
    ('<design shape="heart"/>', "badge image.badge shape", "choice"),
    ('<design colour="#f00"/>', "badge image.badge colour", "choice"),
    ('<design icon=""/>', "badge image.badge icon", "choice"),
    ('<design title="yes"/>', "badge image.badge title", "yes-no"),
    ('<design size="9"/>', "badge image", "olx-unknown"),
])
def test_what_is_wrong_with_a_design_is_told(design, field, code):
    (problem,) = pills.block(pills.parse(designed(design))).problems()
    assert (problem.field, problem.code) == (field, code)


def test_a_learner_sees_the_designed_badge():
    usage = pills.parse(designed())
    block = pills.block(usage)
    html = block.runtime.render(block, "student_view").content
    assert 'alt="A turbine"' in html and "data:image/png;base64," in html
