"""View-models and HTML of the learning pill.

The server renders every text once, in the reader's language; after an action the page's script
swaps the parts that ``live`` sends. So there is one set of templates and no template in JavaScript.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from web_fragments.fragment import Fragment

from . import collect, credential_panel, facts, messages, problem_words
from .compat import Evidence, Viewer
from .domain.errors import InvalidPill, MicrocredError
from .domain.outcomes import (
    BlockResult,
    LearningOutcome,
    OutcomeResult,
    OutcomeStatus,
)
from .domain.pill import BadgeImage, LearningPill, Mastery
from .messages import N_
from .rendering import render
from .translation import Translator


@dataclass(frozen=True, kw_only=True)
class StudentPage:
    """What the student view shows. ``blocks`` gives the title of each assessed block by reference.

    ``panel`` is what ``issuance.api`` answered, None if there is no award; ``panel_error`` why it
    could not answer. ``written``: the outcomes as the author wrote them, to name those that have to be mended.
    """

    key: str
    title: str
    pill: LearningPill | None
    results: tuple[OutcomeResult, ...]
    problems: tuple[InvalidPill, ...]
    viewer: Viewer
    blocks: Mapping[str, str]
    panel: Any = None
    panel_error: MicrocredError | None = None
    downloads: Mapping[str, str] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    written: Sequence[Any] = ()


def student(page: StudentPage, translator: Translator, children: Sequence[Fragment]) -> str:
    """The student view as HTML."""
    return render(
        "student.html", translator,
        uid=uid(page.key), title=page.title, pill=page.pill, header=header(page.pill, translator),
        notice=_notice(page, translator), problems=problem_lines(page.problems, page.written, page.blocks, translator),
        outcomes=_outcomes(page, translator), progress=_progress(page, translator),
        panel=_panel(page, translator), viewer=page.viewer,
        children=[child.content for child in children],
    )


def live(page: StudentPage, translator: Translator) -> dict[str, Any]:
    """What a handler answers: the state as data, and the parts of the page it changes as HTML."""
    panel = _panel(page, translator)
    outcomes = _outcomes(page, translator)
    shared = {"uid": uid(page.key), "pill": page.pill, "header": header(page.pill, translator)}
    return {
        "outcomes": [{k: item[k] for k in ("id", "status", "title", "label")} for item in outcomes],
        "state": panel["state"],
        "busy": panel["busy"],
        "html": {
            **({
                "outcomes": render("outcomes.html", translator, outcomes=outcomes, **shared),
                "progress": render("progress.html", translator, progress=_progress(page, translator), **shared),
            } if page.pill else {}),
            "panel": render("panel.html", translator, panel=panel, **shared),
        },
    }


def script_arguments(page: StudentPage, translator: Translator) -> dict[str, Any]:
    """What the page's script needs to start. ``record``: mastered, but no award stored yet."""
    panel = _panel(page, translator)
    mastered = page.pill is not None and page.pill.mastered(page.results)
    _ = translator.gettext
    return {
        "uid": uid(page.key),
        "learner": page.viewer.is_learner and (page.pill is not None or page.panel is not None),
        "record": mastered and _may_earn(page) and page.panel_error is None,
        "busy": panel["busy"],
        "state": panel["state"],
        "texts": {
            "failed": _("That did not work. Nothing is lost; please check your connection and try again."),
            "signed_out": _("You are signed out. Reload the page and sign in again."),
            "working": _("One moment…"),
            "popup": _("Your browser blocked the wallet's window. This link leads there, and back here afterwards:"),
            "open_wallet": _("Open {wallet}"),
            "waiting": _(
                "Go on in the window of {wallet}; this page follows by itself. "
                "If you have closed that window, nothing was sent: connect again."
            ),
            "given_up": _("Nothing is sent. You may close the wallet’s window."),
            "ends": _("It ends {when}."),
            "copied": _("Copied."),
            "copy_failed": _("Your browser does not allow this. The address is selected: copy it yourself."),
        },
    }


def offer(offer: Any, uid: str, translator: Translator) -> str:
    """What the learner shows to a wallet app, or opens it with, as HTML. Holds the offer's secrets."""
    return render("collect_offer.html", translator, uid=uid, offer=collect.offer(offer, translator))


def offers(panel: Any, translator: Translator) -> dict[str, dict[str, str]]:
    """By channel the ``state`` of the last offer, and what to say of it as HTML."""
    shown = collect.offers(panel, translator) if panel is not None else {}
    return {
        channel: {"state": item["state"], "html": render("collect_state.html", translator, offer=item)}
        for channel, item in shown.items()
    }


def payload(payload: Any, page: StudentPage, translator: Translator) -> dict[str, Any]:
    """The consent dialog: facts first, then the exact documents."""
    groups = facts.groups(payload.parity, page.viewer, translator, _known(page, translator))
    documents = [
        {"name": translator.gettext(name), "text": json.dumps(document, indent=2, ensure_ascii=False)}
        for name, document in (
            (N_("Open Badge 3.0"), payload.open_badge), (N_("European Digital Credential (ELM)"), payload.elm),
        )
    ]
    return {
        "digest": payload.digest,
        "html": {"payload": render("payload.html", translator, groups=groups, documents=documents)},
    }


def uid(key: str) -> str:
    """A short id for the HTML of one pill, so that two on a page never share one."""
    return "mcp-" + hashlib.sha256(key.encode()).hexdigest()[:10]


def header(pill: LearningPill | None, translator: Translator) -> dict[str, Any]:
    """Badge, language and key facts; nothing of a pill that is not complete."""
    if pill is None:
        return {}
    _ = translator.gettext
    recognition = pill.recognition
    found = []
    if recognition.eqf_level:
        found.append(_("EQF level {level}").format(level=recognition.eqf_level))
    if recognition.workload_hours:
        found.append(_("{hours} h of work").format(hours=translator.number(recognition.workload_hours)))
    if recognition.ects:
        found.append(_("{points} ECTS").format(points=translator.number(recognition.ects)))
    if recognition.mode:
        found.append(_(facts.MODES[recognition.mode]))
    if pill.upkeep.valid_months:
        months = pill.upkeep.valid_months
        found.append(translator.ngettext("Valid for {months} month", "Valid for {months} months", months).format(
            months=months
        ))
    if recognition.bloc:
        code = recognition.bloc.bloc or recognition.bloc.certification
        found.append(_("Counts towards {code}").format(code=code))  # never that the bloc itself is earned
    if recognition.towards:
        found.append(_("Counts towards {code}").format(code=recognition.towards.title))
    return {
        "facts": found, "image": image(pill.image or _default_image(pill)),
        "language": pill.language, "direction": Translator(pill.language).direction,
    }


def image(image: BadgeImage) -> dict[str, str]:
    """The address and the text alternative of a badge image."""
    data = base64.b64encode(image.data).decode("ascii")
    return {"url": f"data:{image.media_type};base64,{data}", "caption": image.caption}


def _default_image(pill: LearningPill) -> BadgeImage:
    from .credentials.badge_image import default_image

    return default_image(pill.title, pill.recognition.eqf_level, pill.language)


def _notice(page: StudentPage, translator: Translator) -> dict[str, Any] | None:
    """One calm line for whoever cannot earn here, or nothing."""
    if not page.viewer.is_learner:
        code = "viewer-as-learner" if page.viewer.seen_as else f"viewer-{page.viewer.kind}"
        text = messages.text(code, translator)
        return {"kind": page.viewer.kind, "text": text, "problems": page.viewer.kind == "preview" and page.problems}
    if page.pill is None and page.panel is None:
        text = translator.gettext(
            "The credential of this pill is not ready yet. You can already work through the activities; "
            "your results are kept."
        )
        return {"kind": "unready", "text": text, "problems": ()}
    if page.evidence.annulled and page.panel is None:
        text = translator.gettext(
            "The course team set the result of this section to nothing, so nothing here counts towards the "
            "credential. Ask the course team if you think this is a mistake."
        )
        return {"kind": "annulled", "text": text, "problems": ()}
    return None


def problem_lines(
    problems: Sequence[InvalidPill], outcomes: Sequence[Any], blocks: Mapping[str, str], translator: Translator
) -> list[dict[str, str]]:
    """Problems in the words of the pill's author."""
    titles = problem_words.outcome_titles(outcomes, translator)
    names = problem_words.told_apart(blocks, translator)
    return [problem_words.told(problem, titles, names, translator) for problem in problems]


def _panel(page: StudentPage, translator: Translator) -> dict[str, Any]:
    if not page.viewer.is_learner:
        return credential_panel.closed("guest")
    if page.panel is not None:  # an award outlives whatever became of the pill
        shown = credential_panel.earned(page.panel, page.downloads, page.viewer, translator, _known(page, translator))
        if shown["state"] == "revoked":
            shown["missing"] = credential_panel.not_earned(page.pill, page.results)["missing"] if page.pill else ()
            shown["error"] = messages.explain(page.panel_error, translator) if page.panel_error else ""
        return shown
    if page.pill is None:
        return credential_panel.closed("unready")
    if page.panel_error is not None:
        return credential_panel.refused(page.panel_error, translator)
    return credential_panel.not_earned(page.pill, page.results)


def _may_earn(page: StudentPage) -> bool:
    """Whether there is no award that counts, so that one can be made."""
    return page.panel is None or page.panel.standing.state == "revoked"


def _known(page: StudentPage, translator: Translator) -> facts.Known:
    if page.pill is None:
        return facts.Known(blocks=page.blocks)
    return facts.Known(
        blocks=page.blocks, version=page.pill.version, mastery=mastery_sentence(page.pill, translator)
    )


def _outcomes(page: StudentPage, translator: Translator) -> list[dict[str, Any]]:
    if page.pill is None:
        return []
    return [
        _outcome(outcome, result, page, translator)
        for outcome, result in zip(page.pill.outcomes, page.results, strict=True)
    ]


def _outcome(
    outcome: LearningOutcome, result: OutcomeResult, page: StudentPage, translator: Translator
) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "title": outcome.title,
        "description": outcome.description,
        "status": result.status.value,
        "label": _standing(result, page, translator),
        "score_css": format((result.fraction * 100).normalize(), "f"),
        "needed_css": format((result.threshold * 100).normalize(), "f"),
        "skills": outcome.skills,
        "activities": [_activity(block, page, translator) for block in result.blocks],
    }


def _activity(block: BlockResult, page: StudentPage, translator: Translator) -> dict[str, Any]:
    """One line of what assesses an outcome. The title of what this learner cannot open stays hidden."""
    _ = translator.gettext
    withheld = block.block in page.evidence.withheld
    missing = withheld or block.block not in page.blocks
    title = page.blocks.get(block.block) if not missing else None
    return {
        "title": title or (_("An activity that is not open to you") if withheld else _("An activity that was removed")),
        "missing": missing,
        "why": _("not open yet, or not for you: ask the course team") if withheld else _(
            "not available: ask the course team"
        ),
        "attempted": block.attempted,
        "full": block.attempted and block.earned >= block.possible and block.block not in page.evidence.concealed,
        "points": _points(block, page, translator) if block.attempted else "",
    }


def _standing(result: OutcomeResult, page: StudentPage, translator: Translator) -> str:
    _ = translator.gettext
    used = {block.block for block in result.blocks}
    if result.attempted and used & page.evidence.concealed:
        told = _("Answered: {done} of {total}. The result is not shown yet")
        if used & page.evidence.never_shown:
            told = _("Answered: {done} of {total}. The result is not shown here")
        return told.format(done=result.attempted, total=len(result.blocks))
    reached, needed = translator.percent(result.fraction), translator.percent(result.threshold)
    if result.status is OutcomeStatus.ACHIEVED:
        return _("Achieved {reached}, needed {needed}").format(reached=reached, needed=needed)
    if result.status is OutcomeStatus.NOT_ACHIEVED:
        return _("Not yet achieved: {reached}, needed {needed}").format(reached=reached, needed=needed)
    if result.status is OutcomeStatus.IN_PROGRESS:
        return _("In progress: {done} of {total}").format(done=result.attempted, total=len(result.blocks))
    if result.status is OutcomeStatus.NOT_AVAILABLE:
        return _("Nothing that assesses this is offered to you: ask the course team")
    return _("Not yet assessed")


def _points(block: BlockResult, page: StudentPage, translator: Translator) -> str:
    if block.block in page.evidence.concealed:
        return translator.gettext("answered")
    return translator.gettext("{earned} of {possible}").format(
        earned=translator.number(round(block.earned, 2)), possible=translator.number(round(block.possible, 2))
    )


def _progress(page: StudentPage, translator: Translator) -> dict[str, Any]:
    if page.pill is None:
        return {}
    achieved, total = sum(result.achieved for result in page.results), len(page.results)
    sentence = translator.ngettext(
        "{achieved} of {total} outcome achieved", "{achieved} of {total} outcomes achieved", total
    )
    return {
        "achieved": achieved, "total": total, "share": round(100 * achieved / total),
        "text": sentence.format(achieved=achieved, total=total),
        "rule": mastery_sentence(page.pill, translator),
    }


def mastery_sentence(pill: LearningPill, translator: Translator) -> str:
    """The mastery rule in plain words."""
    _, rule = translator.gettext, pill.mastery
    total = len(pill.outcomes)
    if rule.kind is Mastery.N_OF_M:
        return _("Achieve at least {n} of the {total} outcomes to earn the credential.").format(n=rule.n, total=total)
    titles = {outcome.id: outcome.title for outcome in pill.outcomes}
    names = _(", ").join(_("“{title}”").format(title=titles[name]) for name in rule.required)
    if rule.kind is Mastery.REQUIRED_PLUS_N and rule.required:
        return _("Achieve {names} and at least {n} of the others to earn the credential.").format(names=names, n=rule.n)
    if rule.kind is Mastery.REQUIRED_PLUS_N:
        return _("Achieve at least {n} of the {total} outcomes to earn the credential.").format(n=rule.n, total=total)
    return translator.ngettext(
        "Achieve the outcome to earn the credential.", "Achieve all {total} outcomes to earn the credential.", total
    ).format(total=total)
