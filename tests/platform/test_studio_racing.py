"""Two authors at one pill in the same instant: Studio reads a block, runs the handler, and writes the block again."""

from .guard import require

require("cms")

import json  # noqa: E402
from unittest.mock import patch  # noqa: E402

from cms.djangoapps.contentstore.views import component  # noqa: E402

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

    def between(self, theirs, mine):
        """What ``mine`` answers where ``theirs`` is done whole after Studio read the block for it."""
        load, calls = component.load_services_for_studio, []

        def interrupted(*args):
            calls.append(None)
            if len(calls) == 1:
                assert (found := theirs())[0] == 200, found
            return load(*args)

        with patch.object(component, "load_services_for_studio", interrupted):
            found = mine()
        assert len(calls) == 2
        return found

    def stored(self):
        block = self.block(self.pill_key)
        return block.display_name, block.description

    def test_of_two_who_save_one_is_told_and_the_other_s_work_is_kept(self):
        form = self.form()
        status, answer = self.between(
            lambda: self.call("save_pill", **{**form, "description": "Theirs."}),
            lambda: self.call("save_pill", **{**form, "description": "Mine."}),
        )
        assert (status, answer["code"]) == (409, "definition-changed")
        assert self.stored() == ("Find the fault", "Theirs.")
