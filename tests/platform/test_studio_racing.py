"""Two authors at one pill in the same instant: Studio reads a block, runs the handler, and writes the block again."""

from .guard import require

require("cms")

import json  # noqa: E402
from unittest.mock import patch  # noqa: E402

from cms.djangoapps.contentstore.views import component  # noqa: E402
from edx_django_utils.cache import RequestCache  # noqa: E402

from .studio_case import StudioCase  # noqa: E402


class TestRacing(StudioCase):
    def setUp(self):
        super().setUp()
        self.pill_key, *_problems = self.assessed_pill()

    def call(self, handler, **data):
        """The answer of a handler, with its status."""
        answer = self.post(f"/xblock/{self.pill_key}/handler/{handler}", **data)
        return answer.status_code, json.loads(answer.content)

    def form(self):
        """What the form sends for the pill as it is stored now."""
        args = self.call("edit_form")[1]["args"]
        block = self.block(self.pill_key)
        outcomes = [
            {
                "key": key, "source": source, "title": source["title"], "description": "", "kind": source["kind"],
                "reuse": source["reuse"], "threshold": "70", "logic": "and", "all_attempted": False,
                "blocks": [
                    {"block": member["block"], "weight": "1", "threshold": "", "member": number, "row": str(number)}
                    for number, member in enumerate(source["assessed_by"])
                ],
            }
            for key, source in args["sources"].items()
        ]
        return {
            "digest": args["digest"], "title": block.display_name, "description": block.description, "language": "en",
            "outcomes": outcomes, "mastery": {"rule": "all", "n": "", "required": []},
            "recognition": {"quality_assurance": {}, "bloc": {}},
            "upkeep": {"regrade": "keep", "grace_days": "14", "valid_months": ""}, "caption": "",
            "image": {"kind": "none"},
        }

    def between(self, theirs, mine, *, remembering=False):
        """What ``mine`` answers where ``theirs`` is done whole after Studio read the block for it.

        With ``remembering``, what the process of the one request remembers is untouched by the other, which another
        process answers; else both are of one process that remembers nothing.
        """
        load, calls = component.load_services_for_studio, []

        def interrupted(*args):
            calls.append(None)
            if len(calls) == 1:
                remembered = dict(RequestCache("course_index_cache").data)
                assert not remembering or remembered
                theirs()
                if remembering:
                    RequestCache("course_index_cache").data.update(remembered)
            return load(*args)

        with patch.object(component, "load_services_for_studio", interrupted):
            return mine()

    def saved(self, **values):
        """Somebody saves the form with these values."""
        form = self.form()
        return lambda: self.assertEqual(self.call("save_pill", **{**form, **values})[0], 200)

    def stored(self):
        block = self.block(self.pill_key)
        return block.display_name, block.description

    def test_of_two_who_save_one_is_told_and_the_other_s_work_is_kept(self):
        for remembering, title, text in ((False, "One", "Theirs."), (True, "Two", "Also theirs.")):
            form = self.form()
            status, answer = self.between(
                self.saved(title=title, description=text),
                lambda form=form: self.call("save_pill", **{**form, "description": "Mine."}), remembering=remembering,
            )
            assert (status, answer["code"]) == (409, "definition-changed")
            assert self.stored() == (title, text)

    def test_who_only_reads_undoes_nobody_s_work(self):
        for number, handler in enumerate(("edit_form", "overview", "compare", "pill_tags", "draw_badge", "save_pill")):
            for remembering in (False, True):
                title = f"{number} {remembering}"
                self.between(
                    self.saved(title=title, description=title),
                    lambda handler=handler: self.call(handler), remembering=remembering,
                )
                assert self.stored() == (title, title), handler

    def test_who_only_reads_makes_no_version_of_the_course(self):
        for theirs in (lambda: None, self.saved(title="T", description="Theirs."), lambda: self.problem(self.pill_key)):
            versions = []
            self.between(
                lambda theirs=theirs, versions=versions: (theirs(), versions.append(self.version())),
                lambda: self.call("edit_form"),
            )
            assert [self.version()] == versions

    def test_a_save_writes_only_its_own(self):
        for remembering in (False, True):
            form, added = self.form(), []

            def theirs(added=added):
                added.append(self.problem(self.pill_key, "Third"))
                self.change(self.pill_key, metadata={"visible_to_staff_only": True, "tags": ["new"]})

            text = f"Mine. {remembering}"
            status, _answer = self.between(
                theirs, lambda form=form, text=text: self.call("save_pill", **{**form, "description": text}),
                remembering=remembering,
            )
            block = self.block(self.pill_key)
            assert (status, block.description) == (200, text)
            assert added[0] in block.children
            assert block.visible_to_staff_only is True
            assert block.tags == ["new"]

    def test_a_save_is_stored_whatever_else_of_the_course_changes_meanwhile(self):
        form = self.form()
        status, _answer = self.between(
            lambda: self.change(self.unit, metadata={"display_name": "Their unit"}),
            lambda: self.call("save_pill", **{**form, "title": "T", "description": "Mine."}), remembering=True,
        )
        assert (status, self.stored()) == (200, ("T", "Mine."))
        assert self.block(self.unit).display_name == "Their unit"

    def version(self):
        return self.store.get_course(self.course.id).course_version
