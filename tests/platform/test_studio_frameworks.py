"""Files of outcomes in Studio itself: the body of a request reaches the block as it was sent."""

from .guard import require

require("cms")

import json  # noqa: E402

from microcred_xblock.authoring.frameworks import MAX_BYTES, MAX_ITEMS  # noqa: E402

from .studio_case import StudioCase  # noqa: E402


class TestFrameworks(StudioCase):
    def setUp(self):
        super().setUp()
        self.pill_key, *_problems = self.assessed_pill()

    def read(self, content: bytes):
        """The answer to a file, with its status."""
        answer = self.client.post(
            f"/xblock/{self.pill_key}/handler/read_framework", data=content, content_type="application/octet-stream"
        )
        return answer.status_code, json.loads(answer.content)

    def test_a_file_is_read(self):
        status, answer = self.read("Titre;Seuil\r\nRéparer une éolienne;70 %\r\n".encode("utf-16"))
        assert (status, [item["values"]["title"] for item in answer["items"]]) == (200, ["Réparer une éolienne"])

    def test_the_largest_file_gets_through(self):
        """The platform takes it by default, and one more byte is refused by us, in words."""
        data = (b"Title\n" + (b"a" * 400 + b"\n") * MAX_ITEMS)[:MAX_BYTES]
        assert len(data) == MAX_BYTES and self.read(data)[0] == 200
        status, answer = self.read(data + b"b")
        assert (status, answer["code"]) == (400, "framework-large")
