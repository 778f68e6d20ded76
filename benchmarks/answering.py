"""What the plugin costs a learner's answer: ``python -m benchmarks.answering`` in the LMS's environment.

Run it from the platform's checkout with the LMS's settings (``DJANGO_SETTINGS_MODULE``), on the database and broker of
a test installation: it makes a course, a learner and index rows of its own, and deletes them afterwards. Four kinds of
answer take turns, so that a drift of the machine's speed meets all of them:

- ``bare``: a problem in a plain unit, the plugin's receivers disconnected;
- ``elsewhere``: the same problem with the plugin, which finds it in no pill;
- ``bare pill``: a problem inside a pill, the receivers disconnected;
- ``in a pill``: the same problem with the plugin, which stores a request and hands a task to the broker.

Each is timed as the whole request through the LMS's view, at 10 and at 10,000 pills in the index.
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

PROBLEM = """<problem><optionresponse><optioninput options="('Yes','No')" correct="Yes"/></optionresponse></problem>"""
BLOCKS_PER_PILL = 5
FILLER = "course-v1:Filler+Filler+Filler"


def main() -> None:
    """Measure and print a table for each size of the index."""
    import django

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=200, help="answers of each kind")
    parser.add_argument("--pills", type=int, nargs="+", default=[10, 10_000], help="sizes of the index")
    arguments = parser.parse_args()
    django.setup()
    with course() as keys, learner(keys["course"]) as client:
        for pills in arguments.pills:
            with filled_index(pills):
                report(pills, measure(client, keys, arguments.answers))


@contextmanager
def course():
    """A published course with one problem in a plain unit and one in a pill; deleted afterwards."""
    from xmodule.modulestore import ModuleStoreEnum
    from xmodule.modulestore.django import modulestore

    from microcred_xblock.issuance import indexing

    store, user = modulestore(), ModuleStoreEnum.UserID.test
    made = store.create_course("Bench", f"ANSWER{uuid4().hex[:6]}", "run", user, fields={
        "start": datetime(2020, 1, 1, tzinfo=UTC), "display_name": "Answers",
    })
    try:
        with store.branch_setting(ModuleStoreEnum.Branch.draft_preferred, made.id), store.bulk_operations(made.id):
            parent = made
            for category in ("chapter", "sequential", "vertical"):
                parent = store.create_child(user, parent.location, category)
            pill = store.create_child(user, parent.location, "learning_pill", fields={
                "display_name": "Pill", "description": "A pill.", "mastery": {"rule": "all"}, "outcomes": [{
                    "id": "o", "title": "Do it", "threshold": "1", "kind": "skill", "reuse": "occupation-specific",
                    "assessed_by": [{"block": "inside"}, {"block": "never-answered"}],
                }],
            })
            for name, place in (("plain", parent), ("inside", pill), ("never-answered", pill)):
                store.create_child(user, place.location, "problem", block_id=name, fields={"data": PROBLEM})
            store.publish(parent.location, user)
        indexing.index_course(str(made.id), now=datetime.now(UTC))
        yield {"course": made.id, **{n: made.id.make_usage_key("problem", n) for n in ("plain", "inside")}}
    finally:
        indexing.forget(str(made.id))
        store.delete_course(made.id, user)


@contextmanager
def learner(course_key):
    """A signed-in browser of an enrolled learner."""
    from common.djangoapps.student.models import CourseEnrollment, UserProfile
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    name = f"bench{uuid4().hex[:8]}"
    user = get_user_model().objects.create_user(name, f"{name}@example.org", "Password1234", is_active=True)
    UserProfile.objects.create(user=user, name="Bench")
    CourseEnrollment.enroll(user, course_key)
    client = Client()
    signed_in = client.post(
        "/api/user/v2/account/login_session/", {"email_or_username": name, "password": "Password1234"}
    )
    if signed_in.status_code != 200:
        raise SystemExit(f"The learner could not sign in: {signed_in.content[:200]!r}")
    try:
        yield client
    finally:
        CourseEnrollment.unenroll(user, course_key)
        user.is_active = False
        user.save()


@contextmanager
def filled_index(pills):
    """The index as it is with that many other pills on the platform."""
    from microcred_xblock.issuance import indexing

    indexing.store(FILLER, {
        f"block-v1:Filler+F+F+type@learning_pill+block@{number}": frozenset(
            f"block-v1:Filler+F+F+type@problem+block@{number}-{block}" for block in range(BLOCKS_PER_PILL)
        )
        for number in range(pills)
    })
    try:
        yield
    finally:
        indexing.forget(FILLER)


@contextmanager
def disconnected():
    """The platform as it is without the plugin's receiver."""
    from lms.djangoapps.grades.signals.signals import PROBLEM_WEIGHTED_SCORE_CHANGED as signal

    from microcred_xblock.issuance import receivers

    uid = "microcred.score_changed.PROBLEM_WEIGHTED_SCORE_CHANGED"
    if not signal.disconnect(dispatch_uid=uid):
        raise SystemExit("The plugin's receiver is not connected: is the package installed in this environment?")
    try:
        yield
    finally:
        signal.connect(receivers.score_changed, dispatch_uid=uid)


@contextmanager
def connected():
    """The platform with the plugin."""
    yield


KINDS = {
    "bare": ("plain", disconnected), "elsewhere": ("plain", connected),
    "bare pill": ("inside", disconnected), "in a pill": ("inside", connected),
}


def measure(client, keys, answers):
    """``{kind: [(milliseconds, queries), …]}``; the kinds take turns, the first rounds do not count."""
    found = {kind: [] for kind in KINDS}
    for number in range(answers + 5):
        for kind, (name, situation) in KINDS.items():
            with situation():
                one = answer(client, keys[name], "Yes" if number % 2 else "No")
            if number >= 5:
                found[kind].append(one)
    return found


def answer(client, key, choice):
    """Submit one answer; milliseconds and queries."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse
    from openedx.core.lib.url_utils import quote_slashes

    address = reverse("xblock_handler", kwargs={
        "course_id": str(key.course_key), "usage_id": quote_slashes(str(key)), "handler": "xmodule_handler",
        "suffix": "problem_check",
    })
    reset_queries()  # the log of queries is of limited length
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        response = client.post(address, {f"input_{key.html_id()}_2_1": choice})
        spent = time.perf_counter() - started
    if response.status_code != 200 or "success" not in response.json():
        raise SystemExit(f"The answer was not taken: {response.status_code} {response.content[:200]!r}")
    return spent * 1000, len(queries)


def report(pills, found):
    """A table: queries and median time of each kind, and its ratio to the kind without the plugin."""
    print(f"\n{pills} other pills in the index, {len(found['bare'])} answers of each kind")
    print(f"{'':12}{'queries':>9}{'median ms':>11}{'ratio':>8}")
    for kind, rows in found.items():
        median = statistics.median(spent for spent, _ in rows)
        floor = statistics.median(spent for spent, _ in found["bare pill" if "pill" in kind else "bare"])
        queries = statistics.median(count for _, count in rows)
        print(f"{kind:12}{queries:>9.0f}{median:>11.1f}{median / floor:>8.3f}")


if __name__ == "__main__":
    main()
