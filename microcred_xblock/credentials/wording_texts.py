"""The words of credentials in English and French, by key. ``wording`` makes sentences of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "colon": ": ",
            "all": "To earn this credential, every one of these learning outcomes had to be achieved:",
            "n-of-m": "To earn this credential, at least {n} of these {m} learning outcomes had to be achieved:",
            "required-plus-n": "To earn this credential, the outcomes marked as required and at least {n} of the"
            " others had to be achieved:",
            "required": "required",
            "threshold": "at least {percent} %",
            "single": "in {one}",
            "mean": "on the weighted mean of {members}",
            "best": "on the best of {members}",
            "count": "{n} assessments",
            "one": "one assessment",
            "leaf": "assessment {n}",
            "weight": "weight {weight}",
            "attempted": "every assessment attempted",
            "workload": "Notional workload: {hours} h.",
            "ects": "ECTS credits stated by the awarding body: {ects}.",
            "label-level": "Level",
            "value-level": "EQF {level}",
            "label-workload": "Notional workload",
            "label-mode": "Form of participation",
            "label-assessment": "Type of assessment",
            "label-supervision": "Supervision",
            "label-quality": "Quality assurance",
            "mode": "Form of participation: {mode}.",
            "assessment": "Type of assessment: {type}.",
            "supervision": "Supervision of the assessment: {supervision}.",
            "quality": "Quality assurance: {title} ({agency}).",
            "prerequisites": "Prerequisites: {text}",
            "bloc": "This credential is evidence towards {what}. It does not award the bloc, the certification or its"
            " level.",
            "certification": "This credential is evidence towards {what}. It does not award the certification or its"
            " level.",
            "bloc-name": "the bloc de compétences {bloc} “{title}” of the certification {certification}"
            " “{certification_title}”",
            "certification-name": "the certification {certification} “{certification_title}”",
            "valid-until": "The certification is registered until {date}.",
            "towards": "This credential is evidence towards {what}. It does not award that qualification or its level.",
            "towards-name": "“{title}”",
            "towards-code": "“{title}” ({code})",
            "national": "Level in the national framework {framework}: {level}.",
            "stackability": "Integration and stackability: {text}.",
            "stand-alone": "stand-alone, independent micro-credential",
            "stackable": "integrated, stackable towards another credential",
            "further": "Further information: {url}",
            "points": "{block}: {earned} of {possible} points",
            "unattempted": "{block}: not attempted",
            "score": "Result {percent} %, needed {threshold} %.",
            "assessed": "Assessed on {date}.",
            "status-achieved": "achieved",
            "status-not-achieved": "not achieved",
            "status-in-progress": "not completed",
            "status-not-assessed": "not assessed",
            "status-not-available": "not offered",
            "passmark": "At least {percent} %",
            "record": "Assessment record",
            "pill-id": "Learning pill",
            "pill-version": "Learning pill version",
            "open-badge": "Open Badge 3.0 credential",
            "display": "has mastered the learning pill",
            "activity": "Work through the learning pill",
            "online": "online",
            "blended": "blended",
            "presential": "on site",
            "workbased": "work-based",
            "quiz": "quiz",
            "practical": "practical assessment",
            "portfolio": "portfolio",
            "project": "project work",
            "written-exam": "written examination",
            "oral-exam": "oral examination",
            "continuous": "continuous evaluation",
            "unsupervised": "unsupervised, identity not checked",
            "unsupervised-id": "unsupervised, identity checked",
            "supervised": "supervised, identity not checked",
            "supervised-id": "supervised, identity checked",
            "certificate": "Micro-credential",
            "awarded-to": "awarded to",
            "outcomes": "Learning outcomes",
            "awarded-by": "Awarded by",
            "awarded-on": "Date of award",
            "footer": "This page is a picture. What counts is the sealed data that it comes with.",
            "facts": "Recognition",
            "more": "and {n} more in the data of this credential",
            "badge": "Badge: {title}",
        },
        "fr": {
            "colon": " : ",
            "all": "Pour obtenir cette attestation, chacun de ces acquis d’apprentissage devait être atteint :",
            "n-of-m": "Pour obtenir cette attestation, au moins {n} de ces {m} acquis d’apprentissage devaient être"
            " atteints :",
            "required-plus-n": "Pour obtenir cette attestation, les acquis marqués comme obligatoires et au moins {n}"
            " des autres devaient être atteints :",
            "required": "obligatoire",
            "threshold": "au moins {percent} %",
            "single": "à {one}",
            "mean": "en moyenne pondérée de {members}",
            "best": "à la meilleure de {members}",
            "count": "{n} évaluations",
            "one": "une évaluation",
            "leaf": "évaluation {n}",
            "weight": "poids {weight}",
            "attempted": "chaque évaluation tentée",
            "workload": "Charge de travail notionnelle : {hours} h.",
            "ects": "Crédits ECTS déclarés par l’organisme : {ects}.",
            "label-level": "Niveau",
            "value-level": "CEC {level}",
            "label-workload": "Charge de travail notionnelle",
            "label-mode": "Forme de participation",
            "label-assessment": "Type d’évaluation",
            "label-supervision": "Surveillance",
            "label-quality": "Assurance qualité",
            "mode": "Forme de participation : {mode}.",
            "assessment": "Type d’évaluation : {type}.",
            "supervision": "Surveillance de l’évaluation : {supervision}.",
            "quality": "Assurance qualité : {title} ({agency}).",
            "prerequisites": "Prérequis : {text}",
            "bloc": "Cette attestation est un élément de preuve en vue {what}. Elle ne délivre ni le bloc, ni la"
            " certification, ni son niveau.",
            "certification": "Cette attestation est un élément de preuve en vue {what}. Elle ne délivre ni la"
            " certification, ni son niveau.",
            "bloc-name": "du bloc de compétences {bloc} « {title} » de la certification {certification}"
            " « {certification_title} »",
            "certification-name": "de la certification {certification} « {certification_title} »",
            "valid-until": "La certification est enregistrée jusqu’au {date}.",
            "towards": "Cette attestation est un élément de preuve en vue {what}. Elle ne délivre ni cette"
            " certification, ni son niveau.",
            "towards-name": "de « {title} »",
            "towards-code": "de « {title} » ({code})",
            "national": "Niveau dans le cadre national {framework} : {level}.",
            "stackability": "Intégration et cumul : {text}.",
            "stand-alone": "micro-certification autonome et indépendante",
            "stackable": "micro-certification intégrée, cumulable en vue d’une autre certification",
            "further": "Pour en savoir plus : {url}",
            "points": "{block} : {earned} points sur {possible}",
            "unattempted": "{block} : non tenté",
            "score": "Résultat {percent} %, requis {threshold} %.",
            "assessed": "Évalué le {date}.",
            "status-achieved": "atteint",
            "status-not-achieved": "non atteint",
            "status-in-progress": "non terminé",
            "status-not-assessed": "non évalué",
            "status-not-available": "non proposé",
            "passmark": "Au moins {percent} %",
            "record": "Relevé d’évaluation",
            "pill-id": "Pastille d’apprentissage",
            "pill-version": "Version de la pastille d’apprentissage",
            "open-badge": "Attestation Open Badge 3.0",
            "display": "a maîtrisé la pastille d’apprentissage",
            "activity": "Parcours de la pastille d’apprentissage",
            "online": "en ligne",
            "blended": "hybride",
            "presential": "en présentiel",
            "workbased": "en situation de travail",
            "quiz": "quiz",
            "practical": "évaluation pratique",
            "portfolio": "portfolio",
            "project": "projet",
            "written-exam": "examen écrit",
            "oral-exam": "examen oral",
            "continuous": "évaluation continue",
            "unsupervised": "sans surveillance, identité non vérifiée",
            "unsupervised-id": "sans surveillance, identité vérifiée",
            "supervised": "sous surveillance, identité non vérifiée",
            "supervised-id": "sous surveillance, identité vérifiée",
            "certificate": "Micro-certification",
            "awarded-to": "décernée à",
            "outcomes": "Acquis d’apprentissage",
            "awarded-by": "Délivrée par",
            "awarded-on": "Date de délivrance",
            "footer": "Cette page est une image. Seules font foi les données scellées qui l’accompagnent.",
            "facts": "Reconnaissance",
            "more": "et {n} autres dans les données de cette attestation",
            "badge": "Badge : {title}",
        },
    }
)


def _french_spaces(text: str) -> str:
    """No line break before a colon, a per cent sign or inside guillemets."""
    return re.sub(r"(?<=«) | (?=[:;%»])", "\u00a0", text)


_TABLES = {"en": _TEXTS["en"], "fr": {key: _french_spaces(text) for key, text in _TEXTS["fr"].items()}}


def texts(language: str) -> Mapping[str, str]:
    """The table for ``language``, by its primary subtag; English for languages without one."""
    return _TABLES.get(primary(language), _TABLES["en"])


def primary(language: str) -> str:
    """The primary subtag of a language tag: ``pt`` of ``pt-BR``."""
    return language.split("-")[0]
