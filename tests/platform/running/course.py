"""What surrounds a pill on a running platform: a course, a unit, an enrolment; by the servers' own interfaces."""

from __future__ import annotations

import json
import time


def ask(person, root: str, path: str, data=None, method: str = "POST"):
    """A JSON request of the person's browser to a server, with its CSRF token; the answer's JSON."""
    answer = person.context.request.fetch(
        root + path, method=method, data=json.dumps(data if data is not None else {}),
        headers={
            "X-CSRFToken": person.token(root), "Referer": root, "Content-Type": "application/json",
            "Accept": "application/json",
        },
    )
    assert answer.ok, (path, answer.status, answer.text()[:500])
    return answer.json() if answer.text() else None


def make_unit(author, studio: str) -> tuple[str, str]:
    """A new course that allows pills, with one empty unit; ``(course id, unit's usage id)``."""
    made = ask(author, studio, "/course/", {
        "org": "Bench", "number": f"J{time.time_ns() // 1_000_000}", "display_name": "Wind turbines", "run": "2026",
    })
    course = made["course_key"]
    ask(author, studio, f"/settings/advanced/{course}", {"advanced_modules": {"value": ["learning_pill"]}})
    ask(author, studio, f"/xblock/{root_of(course)}", {"metadata": {"start": "2020-01-01T00:00:00Z"}})
    parent = root_of(course)
    for category, name in (("chapter", "Week 1"), ("sequential", "Drive train"), ("vertical", "Diagnosis")):
        parent = ask(
            author, studio, "/xblock/", {"parent_locator": parent, "category": category, "display_name": name}
        )["locator"]
    return course, parent


def root_of(course: str) -> str:
    """The usage id of a course's root block."""
    return f"block-v1:{course.partition(':')[2]}+type@course+block@course"


def enrol(learner, lms: str, course: str) -> None:
    """Join the course as the learner's own browser does."""
    ask(learner, lms, "/api/enrollment/v1/enrollment", {"course_details": {"course_id": course}})
