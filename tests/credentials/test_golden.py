"""The two documents of one award, word for word: a change of them must be meant.

``python -m tests.credentials.test_golden`` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

from microcred_xblock.credentials import elm, elm_page, open_badges
from microcred_xblock.domain.pill import BadgeImage
from tests.factories import (
    ACHIEVEMENT_ID,
    CREDENTIAL_ID,
    NOW,
    SALT,
    make_award,
    make_holder,
    make_issuer,
    make_pill,
)

from .conftest import ELM_ID

VECTORS = Path(__file__).parents[1] / "vectors"
IMAGE = BadgeImage(
    media_type="image/svg+xml", caption="A dot",
    data=b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1"/></svg>',
)


def documents():
    """Path below ``vectors`` to document; the drawn page is left out, as it is not text."""
    award = make_award(pill=make_pill(image=IMAGE))
    badge = open_badges.compose(
        award, make_issuer(), make_holder(), credential_id=CREDENTIAL_ID, achievement_id=ACHIEVEMENT_ID, salt=SALT,
        valid_from=NOW, evidence_url="https://learn.example/microcred/achievements/1",
    )
    with patch.object(elm_page, "draw", lambda *_: b"page"):
        european = elm.compose(
            award, make_issuer(), make_holder(), credential_id=ELM_ID, issued=NOW, valid_from=NOW,
            open_badge_id=CREDENTIAL_ID,
        )
    return {"ob3/fault-diagnosis.json": badge.document, "elm/fault-diagnosis.json": european.document}


def test_documents_are_as_recorded():
    for path, document in documents().items():
        assert document == json.loads((VECTORS / path).read_text(encoding="utf-8")), path


if __name__ == "__main__":
    for path, document in documents().items():
        (VECTORS / path).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
