"""Opening the author's form, server time: ``python -m benchmarks.studio_form [--rounds 15] [--profile]``.

In the workbench's runtime, each request with a runtime and blocks of its own: the block is loaded, ``studio_view``
reads its children, checks the definition, renders the form and collects what its script needs. Two pills take turns,
so that a drift of the machine's speed meets both: 10 outcomes and 20 children, 100 outcomes and 200 children. Every
outcome has three activities, one of them shared with its neighbour, and two skills. Times are processor time, so that
neighbours on the machine do not count.

``bare`` is what every view of the block pays before it shows anything: the block and its children are loaded and their
titles read, with two queries a child in the workbench's store. A form of linear cost takes ten times as long for the
large pill, less whatever both pay alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

SIZES = {"small": (10, 20), "large": (100, 200)}  # outcomes and children
LINEAR = 10
AIM = 0.300  # seconds for the large pill

Figures = dict[str, dict[str, float]]


def main() -> None:
    """Print times, sizes and ratios; fail where the growth is worse than linear."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="where the time of the large form goes")
    arguments = parser.parse_args()
    found = run(arguments.rounds, profiled=arguments.profile)
    print(report(found))
    if ratio(found, "form") > LINEAR:
        raise SystemExit("The form grows faster than the pill.")


def run(rounds: int, *, profiled: bool = False, sizes: dict[str, tuple[int, int]] | None = None) -> Figures:
    """Measure, with an empty database in memory."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.scorebox import ScoreBox, installed

    with installed(scorebox=ScoreBox):
        usages = {name: made(*size) for name, size in (sizes or SIZES).items()}
        if profiled:
            profile(usages["large"])
        return measured(usages, rounds)


def made(outcomes: int, children: int) -> str:
    """The usage id of a pill of that size."""
    from tests import pills

    names = [f"p{number}" for number in range(children)]
    boxes = "".join(f'<scorebox url_name="{name}" display_name="Exercise {name}"/>' for name in names)
    return pills.parse(
        f'<learning_pill url_name="pill{outcomes}" display_name="Fault diagnosis"><summary>Find out why.</summary>'
        + "".join(_outcome(number, names) for number in range(outcomes))
        + f'<recognition workload-hours="3" eqf-level="4" mode="online"/>{boxes}</learning_pill>'
    )


def _outcome(number: int, names: list[str]) -> str:
    skills = "".join(
        f'<skill uri="http://data.europa.eu/esco/skill/{number}-{turn}" label="skill {turn}"/>' for turn in "ab"
    )
    members = "".join(
        f'<assessed-by block="{names[(2 * number + step) % len(names)]}" weight="{step + 1}"/>' for step in range(3)
    )
    title = f"Locate fault {number} in the drive train"
    return f'<outcome id="o{number}" title="{title}" threshold="0.7">{skills}{members}</outcome>'


def opened(usage: str) -> Any:
    """The form's fragment, made anew."""
    from tests import pills

    return pills.block(usage, "staff").studio_view()


def loaded(usage: str) -> list[str]:
    """The titles of a pill's children."""
    from tests import pills

    block = pills.block(usage, "staff")
    return [block.runtime.get_block(child).display_name for child in block.children]


def measured(usages: dict[str, str], rounds: int) -> Figures:
    """Median seconds, and bytes of HTML and of the script's arguments, for each pill."""
    times: dict[str, dict[str, list[float]]] = {name: {"whole": [], "bare": []} for name in usages}
    for turn in range(rounds + 2):
        for name, usage in usages.items():
            for what, work in (("whole", opened), ("bare", loaded)):
                seconds = _seconds(work, usage)
                if turn >= 2:  # the first ones load templates and catalogues
                    times[name][what].append(seconds)
    found = {}
    for name, usage in usages.items():
        fragment = opened(usage)
        whole, bare = (statistics.median(times[name][what]) for what in ("whole", "bare"))
        found[name] = {
            "whole": whole, "bare": bare, "form": whole - bare, "html": len(fragment.content.encode()),
            "arguments": len(json.dumps(fragment.json_init_args).encode()),
        }
    return found


def _seconds(work: Callable[[str], Any], usage: str) -> float:
    start = time.process_time()
    work(usage)
    return time.process_time() - start


def ratio(found: Figures, what: str) -> float:
    """The large pill in terms of the small one."""
    return found["large"][what] / found["small"][what]


def report(found: Figures) -> str:
    """The table."""
    lines = [f"{'':34}{'small':>9}{'large':>9}{'ratio':>8}   (10 outcomes, 20 children; 100 outcomes, 200 children)"]
    for what, label, unit in (
        ("whole", "opening the form, ms", 1e-3), ("bare", "bare: loading the children, ms", 1e-3),
        ("form", "the form itself, ms", 1e-3), ("html", "HTML, kB", 1e3), ("arguments", "script's arguments, kB", 1e3),
    ):
        small, large = (found[name][what] / unit for name in ("small", "large"))
        lines.append(f"{label:34}{small:>9.1f}{large:>9.1f}{ratio(found, what):>8.2f}")
    verdicts = ", ".join(
        f"{'met' if found['large'][what] < AIM else 'missed'} by {words}"
        for what, words in (("form", "the form itself"), ("whole", "the whole"))
    )
    lines.append(f"Linear would be {LINEAR}. The aim of {AIM * 1e3:.0f} ms is {verdicts}.")
    return "\n".join(lines)


def profile(usage: str) -> None:
    """Print the functions in which opening the form spends its time."""
    import cProfile
    import pstats

    opened(usage)
    profiler = cProfile.Profile()
    profiler.runcall(opened, usage)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
