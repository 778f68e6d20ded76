"""How an outcome is well worded: verb, object, context. Words by language, and what the form's script says of them.

``WORDING`` has the data; ``advice`` is the rule, which ``studio_wording.js`` follows while the author types (a test
holds the two against each other). Advice is never an error, and there is none in a language without data.

The verbs are those that guides to learning outcomes recommend and warn of: after Bloom's taxonomy, as revised by
Anderson and Krathwohl.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from ..messages import N_
from ..translation import Translator
from .page import FormPage
from .presets import left_open

LONG = 140  # characters: a wallet shows about two lines of a title
DEFAULT_TITLES = ("Learning pill",)
_COPY = r"^\s*duplicate of\b"
_TEXTS = {
    "vague": N_(
        "“{word}” cannot be observed, so no activity can show it. Say what the learner does, for example: {examples}."
    ),
    "joined": N_(
        "“{word}” is a second verb. Two abilities are better two outcomes: a learner may have proved only one of them."
    ),
    "long": N_("Long for a title: wallets cut it off. Put what is less important into the description."),
    "copy": N_("Studio gave this title to a copy. The credential will carry it: write one of its own."),
    "blank": N_("“{word}” still stands for something of yours. The credential will carry it: write your own words."),
    "default": N_("This is the title every new pill has. The credential will carry it: say what is learnt."),
}


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words of one language, in small letters, as ``plain`` leaves them.

    ``leads`` stand before the verb and say nothing; ``vague`` are verbs whose result nobody can observe; ``verbs`` is
    what outcomes may begin with; ``examples`` of those are offered for ``knowledge`` and for a ``skill``. ``joins`` are
    the words between two verbs; a ``prefix`` is written together with the verb that follows. ``objects`` are words
    that only follow a verb where it is one, in languages whose verbs may also be nouns.
    """

    leads: tuple[str, ...]
    vague: tuple[str, ...]
    verbs: tuple[str, ...]
    examples: dict[str, tuple[str, ...]]
    joins: tuple[str, ...]
    prefix: str = ""
    objects: tuple[str, ...] = field(default=())


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


WORDING: dict[str, Wording] = {
    "en": Wording(
        leads=_words(
            "the learner is able to, the learner will be able to, the learner can, the learner will, learners can,"
            "learners will be able to, learners will, students will be able to, students can, students will,"
            "participants will be able to, participants can, participants will, you will be able to, you can,"
            "you will, i can, to be able to, be able to, able to, can, to"
        ),
        vague=_words(
            "understand, know, know about, learn, learn about, be aware of, become aware of, be familiar with,"
            "become familiar with, appreciate, grasp, realise, realize, comprehend, be informed about, be exposed to,"
            "be introduced to, gain an understanding of, have an understanding of, demonstrate an understanding of,"
            "demonstrate understanding of, have knowledge of, gain knowledge of, acquire knowledge of,"
            "demonstrate knowledge of, develop an understanding of, develop an awareness of, be interested in,"
            "believe, feel, master, internalise, internalize, be conscious of, get to know, discover, see"
        ),
        verbs=_words(
            "analyse, analyze, apply, argue, arrange, assemble, assess, build, calculate, calibrate, check, choose,"
            "classify, clean, commission, communicate, compare, compile, compose, compute, configure, confirm,"
            "connect, construct, convert, coordinate, correct, create, decide, define, demonstrate, derive, describe,"
            "design, detect, determine, develop, diagnose, disconnect, discuss, dismantle, distinguish, document,"
            "draft, draw, estimate, evaluate, examine, execute, explain, find, formulate, identify, implement,"
            "inspect, install, interpret, isolate, justify, label, lead, list, locate, lubricate, maintain, manage,"
            "measure, monitor, name, negotiate, operate, organise, organize, perform, plan, predict, prepare,"
            "present, prioritise, prioritize, produce, program, propose, prove, read, recognise, recognize,"
            "recommend, record, repair, replace, report, respond, restore, review, secure, select, set up, solve,"
            "sort, state, summarise, summarize, test, trace, train, translate, troubleshoot, use, verify, write"
        ),
        examples={
            "knowledge": ("describe", "explain", "compare", "distinguish"),
            "skill": ("measure", "diagnose", "repair", "plan"),
        },
        joins=("and", "or", "and/or", "&", "as well as"),
        objects=("the", "a", "an", "it", "them", "its", "their", "this", "these", "those", "what", "whether", "how"),
    ),
    "fr": Wording(
        leads=_words(
            "l'apprenant est capable de, l'apprenant est capable d', l'apprenant sera capable de,"
            "l'apprenant sera capable d', l'apprenant peut, l'apprenant saura, l'apprenant sait,"
            "les apprenants peuvent, le stagiaire est capable de, le stagiaire sera capable de, le stagiaire saura,"
            "le candidat est capable de, vous serez capable de, vous serez capable d', vous saurez, vous pourrez,"
            "être capable de, être capable d', être en mesure de, être en mesure d', être apte à, pouvoir, savoir"
        ),
        vague=_words(
            "comprendre, connaître, connaitre, apprendre, apprendre à, appréhender, assimiler, découvrir, maîtriser,"
            "maitriser, avoir conscience de, avoir conscience des, avoir conscience du, être conscient de,"
            "être conscient des, être conscient du, prendre conscience de, prendre conscience des,"
            "prendre conscience du, être sensibilisé à, être sensibilisé aux, être sensibilisé au, se sensibiliser à,"
            "se familiariser avec, être familiarisé avec, être familier avec, s'initier à, s'initier aux,"
            "s'initier au, être initié à, avoir des notions de, avoir des notions d', avoir une compréhension de,"
            "avoir connaissance de, avoir connaissance des, acquérir des connaissances, acquérir des notions,"
            "acquérir la maîtrise de, s'approprier, approfondir, apprécier, s'intéresser à, croire, sentir, saisir,"
            "réfléchir à, prendre connaissance de, prendre connaissance des, être informé de, être informé des"
        ),
        verbs=_words(
            "adapter, ajuster, analyser, animer, appliquer, argumenter, assembler, assurer, brancher, calculer,"
            "choisir, citer, classer, comparer, composer, concevoir, conclure, conduire, configurer, confirmer,"
            "consigner, construire, contrôler, coordonner, corriger, créer, débrancher, décider, décrire, définir,"
            "démonter, démontrer, dépanner, dessiner, détecter, déterminer, développer, diagnostiquer, différencier,"
            "diriger, distinguer, documenter, élaborer, énoncer, entretenir, estimer, établir, étalonner, évaluer,"
            "examiner, exécuter, expliquer, exploiter, formuler, gérer, hiérarchiser, identifier, illustrer,"
            "inspecter, installer, interpréter, isoler, justifier, lire, lister, localiser, lubrifier, mesurer,"
            "mettre en service, mettre en œuvre, mettre en sécurité, modéliser, monter, négocier, nettoyer, nommer,"
            "optimiser, organiser, paramétrer, planifier, poser, préparer, présenter, prévoir, prioriser, produire,"
            "programmer, proposer, prouver, raccorder, rapporter, réaliser, recommander, reconnaître, rédiger,"
            "régler, relever, remplacer, rendre compte, réparer, repérer, résoudre, résumer, sélectionner, signaler,"
            "simuler, suivre, surveiller, tester, tracer, traduire, traiter, transmettre, trier, utiliser, vérifier"
        ),
        examples={
            "knowledge": ("décrire", "expliquer", "comparer", "distinguer"),
            "skill": ("mesurer", "diagnostiquer", "réparer", "planifier"),
        },
        joins=_words(
            "et, et/ou, ou, puis, ainsi que, et de, et d', ou de, et la, et le, et les, et l', et en, et lui,"
            "et leur, puis la, puis le, puis les, puis l'"
        ),
    ),
    "ar": Wording(
        leads=_words(
            "ان يكون المتعلم قادرا على, يكون المتعلم قادرا على, ان يكون قادرا على, يكون قادرا على, القدرة على,"
            "ان يتمكن المتعلم من, ان يتمكن من, يتمكن المتعلم من, يتمكن من, يستطيع المتعلم ان, يستطيع ان, ان, قادر على"
        ),
        vague=_words(
            "يفهم, تفهم, فهم, الفهم, يعرف, معرفة, المعرفة, يدرك, تدرك, ادراك, الادراك, يعي, تعي, الوعي, وعي, يلم,"
            "تلم, الالمام, المام, يستوعب, تستوعب, استيعاب, الاستيعاب, يتعلم, تتعلم, تعلم, يقدر, تقدر, تقدير, يطلع,"
            "تطلع, الاطلاع, اطلاع, يكتشف, تكتشف, اكتشاف, يهتم, تهتم, الاهتمام, يتقن, تتقن, اتقان, الاتقان, يؤمن,"
            "يشعر, يكون على علم, يكون على دراية, يكون مدركا, يكون ملما"
        ),
        verbs=_words(
            "يحلل, يطبق, يجمع, يقيم, يبني, يحسب, يعاير, يفحص, يختار, يصنف, ينظف, يقارن, يؤلف, يضبط, يؤكد, يوصل, يصمم,"
            "يكشف, يحدد, يطور, يشخص, يفصل, يناقش, يفكك, يميز, يوثق, يرسم, ينفذ, يشرح, يجد, يصوغ, يركب,"
            "يفسر, يعزل, يبرر, يسمي, يقود, يعدد, يصون, يدير, يقيس, يراقب, يشغل, ينظم, يخطط, يتوقع, يعد, يعرض, ينتج,"
            "يبرمج, يقترح, يثبت, يقرا, يتعرف, يوصي, يسجل, يصلح, يستبدل, يبلغ, يراجع, يحل, يفرز, يذكر,"
            "يلخص, يختبر, يترجم, يستخدم, يتحقق, يكتب, يصف, يقرر, تحليل, تطبيق, تجميع, تقييم, بناء, حساب, معايرة, فحص,"
            "اختيار, تصنيف, تنظيف, مقارنة, ضبط, تاكيد, توصيل, تصميم, كشف, تحديد, تطوير, تشخيص, فصل, مناقشة, تفكيك,"
            "تمييز, توثيق, رسم, تنفيذ, شرح, صياغة, تركيب, تفسير, عزل, تبرير, تسمية, قيادة, صيانة, ادارة, قياس,"
            "مراقبة, تشغيل, تنظيم, تخطيط, توقع, اعداد, عرض, انتاج, برمجة, اقتراح, اثبات, قراءة, تسجيل, اصلاح,"
            "استبدال, ابلاغ, مراجعة, حل, فرز, ذكر, تلخيص, اختبار, ترجمة, استخدام, تحقق, كتابة, وصف"
        ),
        examples={
            "knowledge": ("يصف", "يشرح", "يقارن", "يميز"),
            "skill": ("يقيس", "يشخص", "يصلح", "يخطط"),
        },
        joins=("ثم", "او"), prefix="و",
    ),
}


def plain(text: str) -> str:
    """``text`` in small letters, with one space between words and one kind of apostrophe.

    Arabic is left without vowel signs, and with one kind of alif.
    """
    text = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    text = re.sub("[\u064b-\u065f\u0670\u0640]", "", text)
    text = re.sub("[\u0622\u0623\u0625\u0671]", "\u0627", text)
    return re.sub(r"\s+", " ", text).strip()


def advice(title: str, language: str) -> list[tuple[str, str]]:
    """What could be worded better in an outcome's title: ``(code, word)``. Nothing in a language without data.

    Codes: ``vague`` (the verb cannot be observed), ``joined`` (the word is a second verb), ``long``.
    """
    words = WORDING.get(language.lower().replace("_", "-").partition("-")[0])
    text = plain(title)
    if words is None or not text:
        return []
    found = []
    rest = _after_leads(text, words)
    vague = _begins(rest, words.vague)
    if vague:
        found.append(("vague", vague))
    second = _second_verb(rest, words)
    if second:
        found.append(("joined", second))
    if len(title.strip()) > LONG:
        found.append(("long", ""))
    if blank(title):
        found.append(("blank", blank(title)))
    return found


def blank(text: Any) -> str:
    """The first words in ``text`` that an example left open, in their brackets, or nothing; in any language."""
    found = re.search(left_open(), text) if isinstance(text, str) else None
    return found.group() if found else ""


def _after_leads(text: str, words: Wording) -> str:
    lead = _begins(text, words.leads)
    while lead:
        text = text[len(lead):].strip()
        lead = _begins(text, words.leads)
    return text


def _begins(text: str, phrases: tuple[str, ...]) -> str:
    """The longest of ``phrases`` that ``text`` begins with, as whole words."""
    fits = [phrase for phrase in phrases if _starts(text, phrase)]
    return max(fits, key=len, default="")


def _starts(text: str, phrase: str) -> bool:
    if not text.startswith(phrase):
        return False
    after = text[len(phrase):len(phrase) + 1]
    return phrase.endswith("'") or not (after.isalnum() or after in ("'", "-"))


def _second_verb(text: str, words: Wording) -> str:
    """The second verb of a text that begins with one and joins another to it."""
    verbs = words.verbs + words.vague
    first = _begins(text, verbs)
    if not first:
        return ""
    for place, rest in _joined(text, words):
        verb = _begins(rest, verbs)
        after = rest[len(verb):].strip(" ,")
        direct = not text[len(first):place].strip(" ,")
        if verb and (direct or not words.objects or _begins(after, words.objects)):
            return verb
    return ""


def _joined(text: str, words: Wording) -> list[tuple[int, str]]:
    """Every rest of ``text`` behind a word that joins, with the place of that word."""
    found = []
    for match in re.finditer(r"(?<= )\S+", text):
        rest = text[match.start():]
        join = _begins(rest, words.joins)
        if join:
            found.append((match.start(), rest[len(join):].strip()))
        elif words.prefix and rest.startswith(words.prefix):
            found.append((match.start(), rest[len(words.prefix):]))
    return found


def script(page: FormPage, translator: Translator) -> dict[str, Any]:
    """The data for the script, and the advice in the author's language."""
    _ = translator.gettext
    return {
        "languages": {
            code: {
                "leads": words.leads, "vague": words.vague, "verbs": words.verbs, "examples": words.examples,
                "joins": words.joins, "prefix": words.prefix, "objects": words.objects,
            }
            for code, words in WORDING.items()
        },
        "long": LONG, "blank": left_open(), "copy": _COPY, "defaults": [*DEFAULT_TITLES, _("Learning pill")],
        "texts": {name: _(text) for name, text in _TEXTS.items()},
        "and": _(", "), "quoted": _("“{title}”"),
    }
