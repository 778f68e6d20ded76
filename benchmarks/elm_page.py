"""The page of a European Digital Credential, drawn per second on one core: ``python -m benchmarks.elm_page``.

Both contestants draw the pages of the same learners in one run, pinned to one core; each learner has
a name and results of their own. Ratios are of processor time.

``at once``  the whole page by resvg, then reduced to 256 colours
``printed``  the learner's lines on the sheet that all share, which is made before the clock starts
``sheet``    making such a sheet: once per process for each pill, issuer and set of achieved outcomes
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from statistics import median
from uuid import UUID

from PIL import Image, ImageChops

from microcred_xblock.credentials import badge_image, elm_page
from microcred_xblock.domain.award import Award
from microcred_xblock.domain.credential import Holder
from tests import factories

AWARD, ISSUER = factories.make_award(), factories.make_issuer()
NAMES = ("Camille Exemple", "Zoë Ångström-Čížková", "Οδυσσέας Παπαδόπουλος", "سارة المثال", "Jean-Baptiste Delacroix")


def learner(number: int) -> tuple[Award, Holder]:
    """The award and name of learner ``number``."""
    earned = {block: str(4 + (number >> bit & 1)) for bit, block in enumerate(factories.EARNED)}
    at = factories.AWARDED_AT - timedelta(days=number % 30)
    results = factories.make_results(scores=factories.make_scores(earned, at=at))
    award = replace(AWARD, id=UUID(int=number), results=results, awarded_at=at)
    return award, factories.make_holder(full_name=f"{NAMES[number % len(NAMES)]} {number}")


def at_once(award: Award, holder: Holder) -> bytes:
    """The page as it was drawn before there were sheets."""
    whole = badge_image.render(elm_page.at_once(award, ISSUER, holder), width=elm_page.WIDTH)
    return badge_image.reduced(whole)


def printed(award: Award, holder: Holder) -> bytes:
    """The page as it is drawn."""
    return elm_page.draw(award, ISSUER, holder)


def sheet(award: Award, holder: Holder) -> bytes:
    """The page of the first learner after a start of the process."""
    elm_page.forget()
    return printed(award, holder)


def difference(one: bytes, other: bytes) -> int:
    """The greatest difference between two pictures in any channel of any pixel."""
    first, second = (Image.open(io.BytesIO(png)).convert("RGBA").convert("RGB") for png in (one, other))
    return max(most for _, most in ImageChops.difference(first, second).getextrema())


def measure(draw: Callable[[Award, Holder], bytes], learners: int, repetitions: int) -> tuple[float, int]:
    """Seconds a page (the median of all repetitions; a first one warms up), and the mean of the bytes."""
    seconds, size = [], 0
    subjects = [learner(number) for number in range(learners)]
    for repetition in range(repetitions + 1):
        start = time.process_time()
        size = sum(len(draw(*subject)) for subject in subjects)
        if repetition:
            seconds.append((time.process_time() - start) / learners)
    return median(seconds), size // learners


def report(*, learners: int, repetitions: int) -> str:
    """A table of times, ratios and sizes."""
    rows = {draw.__name__: measure(draw, learners, repetitions) for draw in (at_once, sheet, printed)}
    slowest, _ = rows["at_once"]
    lines = [f"{'':10}{'ms each':>10}{'times faster':>14}{'kB':>8}"]
    lines += [
        f"{name.replace('_', ' '):10}{seconds * 1000:10.1f}{slowest / seconds:14.1f}{size / 1000:8.1f}"
        for name, (seconds, size) in rows.items()
    ]
    most = max(difference(at_once(*learner(n)), printed(*learner(n))) for n in range(min(learners, 5)))
    return "\n".join([*lines, "", f"greatest difference between the two, of 255: {most}"])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(report(learners=arguments.learners, repetitions=arguments.repetitions))


if __name__ == "__main__":
    main()
