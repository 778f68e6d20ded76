"""A badge image that is uploaded in Studio: a file of the course, which learners, copies and exports find again."""

from .guard import require

require("cms")

import json  # noqa: E402

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from xmodule.contentstore.django import contentstore  # noqa: E402

from .studio_case import StudioCase  # noqa: E402

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>x</script><path d="M0 0h9v9z"/></svg>'


class TestUploadedBadges(StudioCase):
    def setUp(self):
        super().setUp()
        self.pill_key, *_problems = self.assessed_pill()

    def call(self, handler, data):
        answer = self.post(f"/xblock/{self.pill_key}/handler/{handler}", **data)
        return self.done(answer)

    def uploaded(self, content=SVG):
        """The answer to an upload, with its status."""
        file = SimpleUploadedFile("badge.svg", content, content_type="image/svg+xml")
        answer = self.client.post(f"/xblock/{self.pill_key}/handler/upload_badge", {"file": file})
        return answer.status_code, json.loads(answer.content)

    def saved(self, **image):
        """Save the form with that image and nothing else changed."""
        args = self.call("edit_form", {})["args"]
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
        return self.call("save_pill", {
            "digest": args["digest"], "title": block.display_name, "description": block.description, "language": "en",
            "outcomes": outcomes, "mastery": {"rule": "all", "n": "", "required": []},
            "recognition": {"quality_assurance": {}, "bloc": {}},
            "upkeep": {"regrade": "keep", "grace_days": "14", "valid_months": ""}, "caption": "A corner",
            "image": image,
        })

    def files(self):
        return [asset["displayname"] for asset in contentstore().get_all_content_for_course(self.course.id)[0]]

    def test_it_becomes_a_file_of_the_course_with_the_save(self):
        status, answer = self.uploaded()
        assert status == 200 and self.files() == []
        self.saved(kind="upload", data=answer["data"])
        (name,) = self.files()
        image = self.block(self.pill_key).badge_image
        assert image == {"src": f"/static/{name}", "caption": "A corner"}
        assert name.startswith("badge-") and name.endswith(".svg")
        kept = self.block(self.pill_key).image()
        assert b"<path" in kept.data and b"script" not in kept.data
        self.publish()
        assert self.published(self.pill_key).image() == kept
        self.saved(kind="upload", data=answer["data"])
        assert self.files() == [name], "the same picture is one file"

    def test_it_comes_along_into_another_course(self):
        self.saved(kind="upload", data=self.uploaded()[1]["data"])
        _other, _section, unit = self.new_course()
        self.copy(self.pill_key)
        copy = self.paste(unit)
        assert self.block(copy).image() == self.block(self.pill_key).image()

    def test_a_large_file_is_refused_in_words(self):
        status, answer = self.uploaded(b"\0" * 6_000_000)
        assert (status, answer["code"]) == (400, "upload-size")
        assert self.files() == []
