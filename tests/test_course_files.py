"""Putting a file among those of a course: where, under which name, and when not. The contentstore here is a fake of
the platform's; the real one is asked in ``tests/platform``."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import AssetLocator

from microcred_xblock import compat

COURSE = CourseKey.from_string("course-v1:Org+Course+Run")


class Content(SimpleNamespace):
    """The parts of ``StaticContent`` that are used."""

    def __init__(self, location, name, content_type, data, length=None):
        super().__init__(location=location, name=name, content_type=content_type, data=data, length=length)
        self.thumbnail_location = None

    @staticmethod
    def compute_location(key, path):
        return key.make_asset_key("asset", AssetLocator.clean_keeping_underscores(path)).for_branch(None)

    @staticmethod
    def get_static_path_from_location(location):
        return f"/static/{location.block_id}"


class Store:
    """A contentstore in memory."""

    def __init__(self):
        self.files, self.saved = {}, 0

    def find(self, location, throw_on_not_found=True):
        assert not throw_on_not_found
        return self.files.get(location)

    def save(self, content):
        self.saved += 1
        self.files[content.location] = content

    def generate_thumbnail(self, content):
        return SimpleNamespace(location="thumbnail"), "thumbnail"


@pytest.fixture
def store(monkeypatch, settings):
    settings.ROOT_URLCONF = "cms.urls"
    found = Store()
    for name in ("xmodule", "xmodule.contentstore", "xmodule.contentstore.content", "xmodule.contentstore.django"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["xmodule.contentstore.content"].StaticContent = Content
    sys.modules["xmodule.contentstore.django"].contentstore = lambda: found
    return found


def block(key):
    return SimpleNamespace(scope_ids=SimpleNamespace(usage_id=key))


IN_COURSE = block(COURSE.make_usage_key("learning_pill", "p"))


def put(data=b"<svg/>", where=IN_COURSE):
    return compat.save_course_file(where, "badge-1", "svg", "image/svg+xml", data)


def test_a_file_is_put_and_read_again_by_its_path(store):
    assert put() == "/static/badge-1.svg"
    assert compat.course_file(IN_COURSE, "/static/badge-1.svg") == b"<svg/>"
    (content,) = store.files.values()
    assert (content.content_type, content.length, content.thumbnail_location) == ("image/svg+xml", 6, "thumbnail")


def test_the_same_file_is_put_once(store):
    assert put() == put() == "/static/badge-1.svg"
    assert store.saved == 1


def test_another_file_of_that_name_is_left_alone(store):
    put(b"theirs")
    assert put(b"mine") == put(b"mine") == "/static/badge-1-2.svg"
    assert put(b"a third") == "/static/badge-1-3.svg"
    assert compat.course_file(IN_COURSE, "/static/badge-1.svg") == b"theirs"


@pytest.mark.parametrize("key", [
    "lib-block-v1:Org+Lib+type@learning_pill+block@p", "lb:Org:Lib:learning_pill:p",
    "i4x://Org/Course/learning_pill/p",
])
def test_a_library_has_no_place_for_files(store, key):
    assert put(where=block(UsageKey.from_string(key))) is None
    assert put(where=block("scenario.pill.d0.u0")) is None
    assert not store.files


@pytest.mark.parametrize("platform", ["lms.urls", "workbench.urls"])
def test_files_are_put_in_studio_only(store, settings, platform):
    settings.ROOT_URLCONF = platform
    assert put() is None
