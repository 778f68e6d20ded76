"""What the learner takes home."""

import io
import json

import pytest
from PIL import Image

from microcred_xblock.credentials import baking
from microcred_xblock.domain.errors import InvalidAnswer
from microcred_xblock.domain.pill import BadgeImage
from microcred_xblock.issuance import api, downloads, models
from tests.factories import make_pill, make_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(issued, learner):
    return lambda kind: api.download(issued, learner.id, kind)


def stored(format_):
    return bytes(models.Credential.objects.get(format=format_).content)


@pytest.mark.parametrize(
    ("kind", "format_", "media_type", "name"),
    [
        ("ob3.json", "ob3", "application/vc+ld+json", "fault-diagnosis-on-a-wind-turbine-open-badge.json"),
        ("ob3.jwt", "ob3-jwt", "text/plain", "fault-diagnosis-on-a-wind-turbine-open-badge.jwt"),
        ("elm.jsonld", "elm", "application/jose+json",
         "fault-diagnosis-on-a-wind-turbine-european-credential.jsonld"),
    ],
)
def test_signed_files_are_the_stored_bytes(kind, format_, media_type, name, take):
    file = take(kind)
    assert (file.content, file.media_type, file.filename) == (stored(format_), media_type, name)


def test_baked_images_hold_the_same_bytes(take):
    png, svg = take("ob3.png"), take("ob3.svg")
    assert baking.unbake_png(png.content).encode() == baking.unbake_svg(svg.content).encode() == stored("ob3")
    assert (png.media_type, svg.media_type) == ("image/png", "image/svg+xml")
    assert Image.open(io.BytesIO(png.content)).width == 600


def test_the_author_s_picture_is_used(issuer, learner, commits):
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 10, 10)).save(picture, "PNG")
    pill = make_pill(image=BadgeImage(media_type="image/png", data=picture.getvalue(), caption="Red"), title="شارة")
    from django.utils import timezone

    award = api.record_scores(pill, make_scores(at=timezone.now()), learner_id=learner.id, course_id="c").award_id
    with commits():
        api.consent(award, learner, digest=api.payload(award, learner).digest)
    png = api.download(award, learner.id, "ob3.png")
    assert Image.open(io.BytesIO(png.content)).convert("RGB").getpixel((300, 300)) == (200, 10, 10)
    assert png.filename == "credential-open-badge.png"
    assert json.loads(baking.unbake_svg(api.download(award, learner.id, "ob3.svg").content))


def test_unknown_kinds(take):
    for kind in ("ob3.exe", "", "../ob3.json", "OB3.JSON"):
        with pytest.raises(InvalidAnswer):
            take(kind)


def test_kinds_are_all_that_the_door_names():
    kinds = ("ob3.json", "ob3.jwt", "ob3.png", "ob3.svg", "elm.jsonld", "bundle.zip")
    assert api.DOWNLOAD_KINDS == downloads.KINDS == kinds
