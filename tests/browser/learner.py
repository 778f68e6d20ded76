"""Answering the demo pill's exercises as a person does: by keyboard and mouse, in the page."""

from __future__ import annotations

from microcred_xblock.workbench import scenarios
from tests.workbench.exercises import choices, placements


def answer_everything(page, language: str = "en") -> None:
    """Every exercise of the pill, rightly."""
    _title, olx = scenarios.scenario(language)
    for place, items in enumerate(placements(olx).values()):
        put_in_place(page.locator("[data-block-type='drag-and-drop-v2']").nth(place), items)
    for place, questions in enumerate(choices(olx).values()):
        choose(page.locator("[data-block-type='problem-builder']").nth(place), questions)


def put_in_place(exercise, items: dict[int, str]) -> None:
    """Each item into its zone by keyboard, then submit."""
    for item, zone in items.items():
        option = exercise.locator(f".option[data-value='{item}']")
        option.focus()
        option.press("Enter")
        target = exercise.locator(f".zone[data-uid='{zone}']")
        target.focus()
        with exercise.page.expect_response(lambda response: "drop_item" in response.url):
            target.press("Enter")
    submit = exercise.locator(".submit-attempt-container button")
    with exercise.page.expect_response(lambda response: "do_attempt" in response.url):
        submit.click()


def choose(exercise, questions: dict) -> None:
    """The right choices of each question, then submit."""
    for name, submission in questions.items():
        values = submission if isinstance(submission, list) else [submission["value"]]
        for value in values:
            exercise.locator(f"input[name='{name}'][value='{value}']").check()
    with exercise.page.expect_response(lambda response: "/submit/" in response.url):
        exercise.locator("input.input-main").click()
