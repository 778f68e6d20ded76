"""“New from”: examples that an author starts from, as values the form takes over unsaved. Pure.

Words in square brackets are hers to replace. The texts are in the pill's language (``preset_texts/``), or in English
where there are none in it. What is suggested for the whole pill fills only controls that nobody has used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ..domain.errors import InvalidAnswer
from ..messages import N_
from ..translation import Translator

_TEXTS = Path(__file__).parent / "preset_texts"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """``outcomes``: kind, reuse level and threshold in % of each; their words are in the texts, in the same order.

    ``suggested``: values by the names of the form's controls. ``after``: what she has to know or do then; ``go``: the
    control where she does it.
    """

    title: str
    about: str
    outcomes: tuple[tuple[str, str, int], ...] = ()
    suggested: Mapping[str, str] = field(default_factory=dict)
    after: str = ""
    go: str = ""


def _recognition(mode: str, assessment: str, supervision: str) -> dict[str, str]:
    return {
        "recognition.mode": mode, "recognition.assessment_type": assessment, "recognition.supervision": supervision,
    }


_KNOWLEDGE, _SKILL = "knowledge", "skill"
_JOB, _SECTOR, _CROSS, _ANY = "occupation-specific", "sector-specific", "cross-sector", "transversal"
_BLOC_FIELD = "recognition.bloc.certification"
_TOWARDS = {
    "mastery.rule": "all", **_recognition("blended", "practical", "supervised-id"),
    "recognition.stackability": "stackable",
}

PRESETS: dict[str, Preset] = {
    "technical": Preset(
        title=N_("Technical skill"),
        about=N_("Explain, locate a fault, carry out a procedure, verify the result. Practical assessment."),
        outcomes=((_KNOWLEDGE, _SECTOR, 70), (_SKILL, _JOB, 70), (_SKILL, _JOB, 80), (_SKILL, _SECTOR, 80)),
        suggested={"mastery.rule": "all", **_recognition("blended", "practical", "supervised")},
    ),
    "safety": Preset(
        title=N_("Safety"),
        about=N_("Hazards, protective equipment, lock-out, first steps after an incident. Has to be renewed."),
        outcomes=((_SKILL, _CROSS, 80), (_SKILL, _SECTOR, 80), (_SKILL, _JOB, 100), (_KNOWLEDGE, _CROSS, 80)),
        suggested={
            "mastery.rule": "all", **_recognition("presential", "practical", "supervised-id"),
            "upkeep.regrade": "suspend", "upkeep.valid_months": "24",
        },
    ),
    "software": Preset(
        title=N_("Software"),
        about=N_("Set up a tool, automate a task, correct an error, protect data. Three of four are enough."),
        outcomes=((_KNOWLEDGE, _CROSS, 70), (_SKILL, _CROSS, 70), (_SKILL, _CROSS, 70), (_SKILL, _CROSS, 70)),
        suggested={"mastery.rule": "n-of-m", "mastery.n": "3", **_recognition("online", "project", "unsupervised")},
    ),
    "language": Preset(
        title=N_("Language"),
        about=N_("Read, listen, speak and write about the topics of a job, at a level you name."),
        outcomes=((_SKILL, _ANY, 70), (_SKILL, _ANY, 70), (_SKILL, _ANY, 70), (_SKILL, _ANY, 70)),
        suggested={"mastery.rule": "all", **_recognition("blended", "oral-exam", "supervised-id")},
    ),
    "rncp": Preset(
        title=N_("Towards a bloc of an RNCP certification (France)"),
        about=N_("Outcomes in the words of the référentiel, and the section for the bloc, ready to be filled in."),
        outcomes=((_SKILL, _JOB, 70), (_SKILL, _JOB, 70)),
        suggested=_TOWARDS,
        after=N_(
            "The RNCP is the French register of vocational certifications; each of them consists of blocs of "
            "competences. Copy code and title of the certification, and of the bloc, from its page at France "
            "compétences: RNCP and a number, and for the bloc BC and two digits after it. Enter the end of the "
            "registration too. The pill is evidence towards the bloc; a jury awards the bloc."
        ),
        go=_BLOC_FIELD,
    ),
    "rs": Preset(
        title=N_("Towards a certification of the Répertoire spécifique (France)"),
        about=N_("For competences across occupations. Such certifications have no blocs, only a code and a title."),
        outcomes=((_SKILL, _CROSS, 70), (_SKILL, _CROSS, 70)),
        suggested=_TOWARDS,
        after=N_(
            "The Répertoire spécifique lists certifications that complete an occupation. Copy code and title from the "
            "certification’s page at France compétences: RS and a number. It has no blocs: leave bloc code and title "
            "empty. Enter the end of the registration too. The pill is evidence towards the certification, which a "
            "jury awards."
        ),
        go=_BLOC_FIELD,
    ),
}


def values(name: Any, language: Any, translator: Translator) -> dict[str, Any]:
    """What the form takes over from preset ``name`` in the pill's ``language``. InvalidAnswer for an unknown one.

    Numbers are written as ``translator``'s reader writes them.
    """
    preset = PRESETS.get(name) if isinstance(name, str) else None
    if preset is None:
        raise InvalidAnswer("No example has that name.", code="request-field", field="preset")
    code = language.partition("-")[0] if isinstance(language, str) else ""
    words = _words(code if code in _languages() else "en")[str(name)]
    return {
        "title": translator.gettext(preset.title),
        "outcomes": [
            {
                "title": title, "description": description, "kind": kind, "reuse": reuse,
                "threshold": translator.number(Decimal(threshold)),
            }
            for (title, description), (kind, reuse, threshold) in zip(words, preset.outcomes, strict=True)
        ],
        "suggested": dict(preset.suggested),
        "after": translator.gettext(preset.after) if preset.after else "",
        "go": preset.go,
    }


@cache
def left_open() -> str:
    """A pattern for what the examples leave open, in any language, for ``re`` and for a page's RegExp.

    Brackets that an author writes herself, as in ``list[0]`` or ``[mg]``, are none of it.
    """
    texts = " ".join(text for code in _languages() for text in _texts(_words(code)))
    words = sorted(set(re.findall(r"\[([^\[\]\n]+)\]", texts)))
    return r"\[(?:" + "|".join(map(re.escape, words)) + r")\]"


def _texts(words: Mapping[str, list[list[str]]]) -> list[str]:
    return [text for outcomes in words.values() for outcome in outcomes for text in outcome]


@cache
def _languages() -> frozenset[str]:
    return frozenset(path.stem for path in _TEXTS.glob("*.json"))


@cache
def _words(language: str) -> dict[str, list[list[str]]]:
    return json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8"))
