"""What the form asks of the server about the badge image, and where an uploaded one is put."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from webob import Response
from xblock.core import XBlock

from .. import badge as pill_badge
from .. import compat, views
from ..credentials.badge_image import default_image
from ..credentials.badge_upload import MAX_UPLOAD, too_large
from ..domain.errors import InvalidAnswer, InvalidInput, MicrocredError
from ..domain.pill import BadgeImage
from . import badge
from .values import mapping, shown

_BESIDE = 20_000  # what a form may have around its file


class BadgeHandlers:
    """A mixin of the learning pill's block."""

    @XBlock.handler
    def upload_badge(self, request: Any, _suffix: str = "") -> Response:
        """A picture, checked and made fit to be kept. Nothing is stored: the page sends it with its next save."""
        try:
            self._check_author()
            answer = badge.received(_uploaded(request), self.translator())
        except MicrocredError as error:
            return self.refusal(error)
        return Response(json_body={"ok": True, **answer}, content_type="application/json", charset="utf-8")

    @XBlock.json_handler
    def draw_badge(self, data: Any, _suffix: str = "") -> Any:
        """The badge as the page describes it. Nothing is stored."""
        try:
            self._check_author()
            given = mapping(data)
            written = {**mapping(self.recognition), "eqf_level": given.get("eqf_level", "")}
            level = pill_badge.level(self.recognised({name: value for name, value in written.items() if value}))
            image = self._stored_image()
            return {"ok": True, **badge.drawn(given, self.badge_image, image, level, self.translator())}
        except MicrocredError as error:
            return self.refusal(error)

    def _form_image(self) -> dict[str, str]:
        """The badge as it is now, drawn from the title where the author gave none; empty if it cannot be shown."""
        level = pill_badge.level(self.recognised(self.recognition))
        image = self._stored_image() if self.badge_image else default_image(self.display_name, level, self.language)
        return {**views.image(image), "caption": shown(self.badge_image, "caption") or image.caption} if image else {}

    def _stored_image(self) -> BadgeImage | None:
        """The stored picture, even while its caption cannot be used; None if there is none to be shown."""
        data = mapping(self.badge_image)
        for caption in (data.get("caption", ""), "-"):
            try:
                return self.image_of(
                    {**data, "caption": caption} if data else data, self.display_name, self.recognition, self.language
                )
            except InvalidInput:
                continue
        return None

    def _badge_file(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """A picture that was uploaded, put among the files of the course; as it is where there is no place for it.

        Its name is made from its content: the same picture twice is one file, and no other is overwritten.
        """
        svg = value.get("svg")
        content, media_type = pill_badge.content(value, lambda _source: None)
        ending = "svg" if svg else "png"
        name = hashlib.sha256(content).hexdigest()[:16]
        source = compat.save_course_file(self, f"badge-{name}", ending, media_type, content)
        if source is None:
            return value
        kept = {key: item for key, item in value.items() if key not in ("svg", "text")}
        return {**kept, "src": source}


def _uploaded(request: Any) -> bytes:
    """The bytes of the one file in the request; refused before it is read if it is too large."""
    size = request.content_length
    if size is None:
        raise InvalidAnswer("The request does not tell its size.", code="request-field", field="file")
    if size > MAX_UPLOAD + _BESIDE:
        raise too_large(size)
    file = getattr(request.POST.get("file"), "file", None)
    if file is None:
        raise InvalidAnswer("The request has no file.", code="request-field", field="file")
    return file.read(MAX_UPLOAD + 1)
