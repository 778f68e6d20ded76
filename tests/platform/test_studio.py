"""Studio's server: a pill is made, filled, rearranged, mended and removed as Studio's pages do it."""

from .guard import require

require("cms")

from cms.djangoapps.contentstore.tests.utils import AjaxEnabledTestClient  # noqa: E402
from cms.djangoapps.contentstore.views.component import get_component_templates  # noqa: E402
from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.dispatch import Signal  # noqa: E402
from openedx.core.djangoapps.content_libraries import api as libraries  # noqa: E402
from organizations.tests.factories import OrganizationFactory  # noqa: E402

from microcred_xblock.issuance.settings.common import DEFAULTS  # noqa: E402
from microcred_xblock.learning_pill import LearningPillBlock  # noqa: E402

from .studio_case import PASSWORD, StudioCase, outcome  # noqa: E402

KINDS = ("html", "video", "problem", "library_content", "openassessment", "split_test", "conditional", "vertical")


class TestBuilding(StudioCase):
    def test_it_is_offered_where_the_course_allows_it(self):
        def advanced():
            return {
                template["category"]: template["display_name"] for kind in get_component_templates(self.course)
                if kind["type"] == "advanced" for template in kind["templates"]
            }

        assert advanced()["learning_pill"] == "Learning pill"
        self.course.advanced_modules = []
        assert "learning_pill" not in advanced()

    def test_a_new_pill_says_what_it_lacks(self):
        pill = self.new(self.unit, "learning_pill")
        assert self.block(self.unit).children == [pill]
        assert "no-outcomes" in dict(self.flaws(pill))
        assert "To be mended" in self.shown(pill)

    def test_children_of_many_kinds(self):
        pill = self.pill()
        children = [self.new(pill, kind) for kind in KINDS]
        assert self.block(pill).children == children
        self.define(pill, [outcome("locate", children[2].block_id, children[4].block_id)])
        assert self.flaws(pill) == []
        for view in ("student_view", "container_preview"):
            assert "This pill is complete" in self.shown(pill, view)
        page = self.client.get_html(f"/container/{pill}")
        assert page.status_code == 200 and str(pill) in page.content.decode()

    def test_reference_to_a_child_without_a_score(self):
        pill = self.pill()
        text = self.new(pill, "html")
        self.define(pill, [outcome("locate", text.block_id)])
        assert self.flaws(pill) == [("block-ungraded", text.block_id)]

    def test_dragged_into_another_order(self):
        pill, first, second = self.assessed_pill()
        self.change(pill, children=[str(second), str(first)])
        assert self.block(pill).children == [second, first]
        assert self.assessing(pill) == [first.block_id, second.block_id] and self.flaws(pill) == []

    def test_moved_out_and_back(self):
        pill, first, second = self.assessed_pill()
        assert self.move(first, self.unit).status_code == 200
        assert self.flaws(pill) == [("block-missing", first.block_id)]
        assert self.move(first, pill, 0).status_code == 200
        assert self.block(pill).children == [first, second] and self.flaws(pill) == []

    def test_moved_with_everything_in_it(self):
        pill, first, second = self.assessed_pill()
        unit = self.new(self.section, "vertical")
        assert self.move(pill, unit).status_code == 200
        assert self.block(pill).children == [first, second] and self.flaws(pill) == []

    def test_deleted(self):
        pill, first, _second = self.assessed_pill()
        self.delete(pill)
        assert self.block(self.unit).children == []
        assert not self.store.has_item(pill) and not self.store.has_item(first)

    def test_changes_discarded(self):
        pill, first, second = self.assessed_pill()
        self.publish()
        self.define(pill, [outcome("another", second.block_id)])
        self.delete(first)
        self.change(self.unit, publish="discard_changes")
        assert self.block(pill).children == [first, second]
        assert self.assessing(pill) == [first.block_id, second.block_id] and self.flaws(pill) == []

    def test_an_assessed_child_deleted(self):
        pill, first, _second = self.assessed_pill()
        self.delete(first)
        assert self.flaws(pill) == [("block-missing", first.block_id)]
        html = self.shown(pill)
        assert "To be mended" in html and first.block_id in html

    def test_content_libraries_do_not_take_it(self):
        OrganizationFactory.create(short_name="org")
        library = libraries.create_library(
            org=OrganizationFactory._meta.model.objects.get(short_name="org"), slug="lib", title="L",
        )
        with self.assertRaises(libraries.IncompatibleTypesError):
            libraries.create_library_block(library.key, "learning_pill", "pill")


AUTHORS = {  # handlers that answer an author; all others answer learners
    "compare", "draw_badge", "edit_form", "overview", "pill_tags", "preset_values", "read_framework", "rehearse",
    "save_pill", "search_skills", "upload_badge", "wallet_return", "write_framework",
}


class TestHandlers(StudioCase):
    """Studio lets every signed-in account call every handler of every block."""

    def setUp(self):
        super().setUp()
        self.pill_key, *_problems = self.assessed_pill()
        self.publish()
        self.outsider = UserFactory.create(username="eve", email="eve@example.org", password=PASSWORD)
        self.names = [
            name for name in dir(LearningPillBlock)
            if getattr(getattr(LearningPillBlock, name), "_is_xblock_handler", False)
        ]

    def calls(self, client):
        """``(handler, answer)`` of each handler of the pill, through both doors."""
        data = {
            "digest": "0" * 64, "wallet": "acme", "page": "/", "display_name": "Mine", "outcomes": [],
            "description": "Mine",
        }
        for door in (f"/xblock/{self.pill_key}/handler", f"/preview/xblock/{self.pill_key}/handler"):
            for name in self.names:
                with self.captureOnCommitCallbacks(execute=True):
                    yield name, client.ajax_post(f"{door}/{name}", data)

    def stored(self):
        rows = {
            model.__name__: sorted(map(str, model.objects.values_list())) for model in apps.get_app_config("microcred")
            .get_models()
        }
        fields = {name: field.read_from(self.block(self.pill_key)) for name, field in LearningPillBlock.fields.items()}
        return rows, {name: str(value) for name, value in fields.items()}

    def test_outsiders_get_and_change_nothing(self):
        before = self.stored()
        for name, answer in self.calls(self.signed_in(self.outsider)):
            text = answer.content.decode()
            if name != "wallet_return":  # a page that says "you may close this window"
                assert answer.status_code == 403, (name, answer.status_code, text)
            for secret in ("You find a fault", "Do locate", "author", "eve@", "Correct"):
                assert secret not in text.replace("author-required", "").replace("Only authors", ""), (name, text)
        assert self.stored() == before

    def test_authors_earn_nothing_here(self):
        before = self.stored()
        for name, answer in self.calls(self.client):
            if name not in AUTHORS:
                assert answer.status_code == 403, (name, answer.content)
                assert answer.json()["code"] == "viewer-preview", name
            elif name in ("edit_form", "overview"):
                assert "Do locate" in answer.json()["html"], "what others must not get is there to be had"
        assert self.stored() == before

    def test_nobody_is_sent_to_sign_in(self):
        for _name, answer in self.calls(AjaxEnabledTestClient()):
            assert answer.status_code == 302

    def test_the_form_is_for_authors(self):
        eve = self.signed_in(self.outsider)
        assert eve.get_json(f"/xblock/{self.pill_key}/studio_view").status_code == 403
        assert "Do locate" in self.shown(self.pill_key, "studio_view")


class TestSettings(StudioCase):
    def test_every_setting_has_its_default(self):
        assert {name for name in DEFAULTS if not hasattr(settings, name)} == set()
        assert apps.is_installed("microcred_xblock.issuance")

    def test_checks_find_no_error_of_ours(self):
        call_command("check", "microcred", fail_level="ERROR")

    def test_content_signals_only(self):
        """Studio has the signals of grades too, but no grades: nobody of us listens."""
        from lms.djangoapps.grades.signals import signals as grades
        from xmodule.modulestore.django import COURSE_DELETED, COURSE_PUBLISHED

        def ours(signal):
            return [key for (key, _sender), *_rest in signal.receivers if str(key).startswith("microcred")]

        scores = [signal for signal in vars(grades).values() if isinstance(signal, Signal)]
        assert scores and not any(map(ours, scores))
        assert len(ours(COURSE_PUBLISHED)) == len(ours(COURSE_DELETED)) == 1
