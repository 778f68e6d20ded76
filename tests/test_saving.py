"""What Studio finds to write after a handler of a pill that somebody else has saved meanwhile."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest
import webob
from django.core.cache import cache
from xblock.fields import Scope

from microcred_xblock import compat
from microcred_xblock.authoring.page import FIELDS, digest

from .fake_platform import FakePlatform

COURSE = "course-v1:Org+C+R"
WRITTEN = (Scope.settings, Scope.content, Scope.children)


class Store:
    """Studio's store with one pill: ``read`` is what a request has of it, ``stored`` what it is now."""

    def __init__(self, settings, monkeypatch):
        self.platform, self.reads, self.forgotten = FakePlatform(), [], []
        self.read = self.new("p1")
        self.stored = self.new("p1")
        settings.ROOT_URLCONF = "cms.urls"
        for name in ("xmodule", "xmodule.modulestore", "edx_django_utils"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        store, caches = ModuleType("xmodule.modulestore.django"), ModuleType("edx_django_utils.cache")
        store.modulestore = lambda: self
        caches.RequestCache = lambda name: SimpleNamespace(clear=lambda: self.forgotten.append(name))
        monkeypatch.setitem(sys.modules, store.__name__, store)
        monkeypatch.setitem(sys.modules, caches.__name__, caches)

    def new(self, *blocks, **fields):
        pill = self.platform.blocks[self.platform.pill("pill", blocks, course=COURSE, **fields)]
        pill.definition_locator = f"definition of {sorted(fields)}"
        pill.runtime._services["studio_user_permissions"] = SimpleNamespace(can_write=lambda _key: True)
        pill.save()
        return pill

    def get_item(self, key):
        assert key == self.read.scope_ids.usage_id
        assert self.forgotten == ["course_index_cache"] * (len(self.reads) + 1), "read what the request remembers"
        self.reads.append(key)
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored

    def call(self, handler, **data):
        body = json.dumps(data).encode()
        return self.read.handle(handler, webob.Request.blank("/", method="POST", body=body))

    def form(self, **values):
        """What the form of the pill as it was read sends."""
        return {
            "digest": digest({name: getattr(self.read, name) for name in FIELDS}), "title": self.read.display_name,
            "description": self.read.description, "language": "en", "outcomes": [],
            "mastery": {"rule": "all", "n": "", "required": []},
            "recognition": {"quality_assurance": {}, "bloc": {}},
            "upkeep": {"regrade": "keep", "grace_days": "14", "valid_months": ""}, "caption": "",
            "image": {"kind": "none"}, **values,
        }


def written(block):
    """What Studio would write of a block."""
    return {
        name: field.read_from(block) for name, field in block.fields.items()
        if field.scope in WRITTEN and field.is_set_on(block)
    }


@pytest.fixture
def store(settings, monkeypatch):
    cache.clear()  # of claims
    yield Store(settings, monkeypatch)
    cache.clear()


@pytest.mark.parametrize("theirs", [
    {}, {"display_name": "T"}, {"tags": ["new"], "recognition": {"eqf_level": "4"}}, {"display_name": "Learning pill"},
])
def test_it_is_what_is_stored_now(store, theirs):
    store.read.upkeep = {"regrade": "keep"}  # is no longer set in the store
    store.read.save()
    store.stored = store.new("p1", "p2", **theirs)
    compat.bring_up_to_date(store.read)
    assert written(store.read) == written(store.stored)
    assert [child.block_id for child in store.read.children] == ["p1", "p2"]
    assert store.read.definition_locator == store.stored.definition_locator
    assert len(store.reads) == 1


def test_a_value_that_is_the_default_s_is_set_all_the_same(store):
    del store.read.display_name
    store.stored = store.new("p1", display_name="Learning pill")
    compat.bring_up_to_date(store.read)
    assert written(store.read)["display_name"] == "Learning pill"


def test_what_is_kept_stays(store):
    store.read.description = "Mine."
    store.read.save()
    store.stored = store.new("p1", display_name="T", description="Theirs.")
    compat.bring_up_to_date(store.read, keep=("description",))
    assert written(store.read) == {**written(store.stored), "description": "Mine."}


@pytest.mark.parametrize("error", [KeyError("deleted"), ConnectionError("away")])
def test_a_store_that_is_away_is_in_nobody_s_way(store, error):
    before, store.stored = written(store.read), error
    compat.bring_up_to_date(store.read)
    assert written(store.read) == before


def test_elsewhere_nothing_is_read(store, settings):
    del store.read.definition_locator  # a block that Studio keeps elsewhere
    compat.bring_up_to_date(store.read)
    store.read.definition_locator, settings.ROOT_URLCONF = "any", "lms.urls"
    compat.bring_up_to_date(store.read)
    assert store.reads == []


@pytest.mark.django_db
class TestHandlers:
    @pytest.mark.parametrize("handler", ["edit_form", "overview", "compare", "pill_tags", "draw_badge", "save_pill"])
    def test_who_only_reads_or_is_refused_leaves_nothing_to_be_written(self, store, handler):
        store.stored = store.new("p1", "p2", display_name="T", description="Theirs.")
        answer = store.call(handler, **(store.form(description="Mine.") if handler == "compare" else {}))
        assert answer.status_code < 500 and answer.json["ok"] is (handler != "save_pill")
        assert written(store.read) == written(store.stored)

    def test_who_saves_in_the_same_instant_is_given_what_is_stored_by_then(self, store):
        mine = store.form(description="Mine.")
        store.stored = store.new("p1", description="Theirs.")
        theirs = digest({name: getattr(store.stored, name) for name in FIELDS})
        assert compat.claimed(store.read, mine["digest"], theirs)
        refused = store.call("save_pill", **mine)
        assert (refused.status_code, refused.json["digest"]) == (409, theirs)

    def test_a_save_leaves_its_own(self, store):
        store.stored = store.new("p1", "p2", tags=["new"])
        assert store.call("save_pill", **store.form(description="Mine.")).status_code == 200
        found = written(store.read)
        assert found.pop("description") == "Mine."
        assert found == {name: value for name, value in written(store.stored).items() if name != "description"}

    def test_a_save_is_refused_whole_where_somebody_saved_meanwhile(self, store):
        store.stored = store.new("p1", description="Theirs.")
        answer = store.call("save_pill", **store.form(title="Mine"))
        assert (answer.status_code, answer.json["code"]) == (409, "definition-changed")
        assert answer.json["digest"] == digest({name: getattr(store.stored, name) for name in FIELDS})
        assert written(store.read) == written(store.stored)

    def test_a_save_whose_answer_was_lost_is_tried_again_and_is_good(self, store):
        outcome = {"key": "new0", "title": "Locate a fault", "description": "", "kind": "skill", "reuse": "",
                   "skills": [], "blocks": [], "threshold": "70", "logic": "and", "all_attempted": False}
        mine = store.form(title="Mine", outcomes=[outcome])
        assert store.call("save_pill", **mine).status_code == 200
        store.stored = store.read
        again = store.call("save_pill", **mine)
        assert (again.status_code, again.json["ok"]) == (200, True) and len(store.read.outcomes) == 1
        other = store.call("save_pill", **{**mine, "title": "Other"})
        assert (other.status_code, other.json["code"]) == (409, "definition-changed")

    def test_of_two_equal_saves_at_once_both_are_good(self, store):
        store.stored = store.new("p1", display_name="Mine")
        assert store.call("save_pill", **store.form(title="Mine")).status_code == 200
        assert store.read.display_name == "Mine"

    def test_a_save_counts_where_the_store_cannot_be_read_again(self, store):
        store.stored = ConnectionError("away")
        assert store.call("save_pill", **store.form(title="Mine")).status_code == 200
        assert store.read.display_name == "Mine"
