"""What a browser makes of the author's form: its controls filled, and what its script then sends."""

from __future__ import annotations

from typing import Any

from lxml import html

from microcred_xblock.authoring import form as studio_form
from microcred_xblock.authoring.blocks import Block
from microcred_xblock.authoring.page import FormPage
from microcred_xblock.authoring.values import UPKEEP
from microcred_xblock.definition import RECOGNITION_PARTS, RECOGNITION_VALUES
from microcred_xblock.domain import codec
from microcred_xblock.domain.outcomes import CriteriaGroup
from microcred_xblock.domain.pill import LearningPill
from microcred_xblock.translation import Translator

EMPTY = {
    "display_name": "Learning pill", "language": "en", "description": "", "outcomes": [], "mastery": {},
    "recognition": {}, "upkeep": {}, "badge_image": {},
}


def page(fields: dict[str, Any], blocks: tuple[str, ...] = (), problems: tuple = ()) -> FormPage:
    """The form's page; ``blocks`` are the references of graded blocks."""
    return FormPage(
        key="pill", fields={**EMPTY, **fields}, problems=problems,
        blocks=[Block(reference=name, title=f"Title of {name}", graded=True) for name in blocks],
    )


_CONDITIONS = ("weight", "threshold")  # what a row has controls for


class FilledForm:
    """The form in a browser; ``fill``, ``tick`` and the like are what a person does."""

    def __init__(self, text: str, arguments: dict[str, Any]) -> None:
        self.root, self.arguments, self.new = html.fragment_fromstring(text, create_parent=True), arguments, 0
        self.blank, self.blank_row = self._template("blank-card"), self._template("blank-row")

    @classmethod
    def of(cls, shown: FormPage, language: str = "en") -> FilledForm:
        """The form of a page, as the server renders it."""
        translator = Translator(language)
        return cls(studio_form.form(shown, translator), studio_form.script_arguments(shown, translator))

    def _template(self, name: str) -> Any:
        found = self.root.xpath(f"//template[@data-mcp='{name}']")[0]
        found.getparent().remove(found)
        return found

    def control(self, name: str) -> Any:
        return self.root.xpath("//*[@data-control=$name]", name=name)[0]

    def skill(self, key: str, **values: str) -> None:
        """Choose a skill for the outcome of a card."""
        (place,) = self.root.xpath("//*[@data-card=$key]//*[@data-mcp='skills']", key=key)
        chip = html.fragment_fromstring('<li data-skill="" data-member=""></li>')
        for name, value in values.items():
            chip.set(f"data-{name}", value)
        place.append(chip)

    def fill(self, name: str, value: str) -> None:
        """Type into a line or an area, or choose from a select."""
        control = self.control(name)
        if control.tag == "select":
            for option in control.iter("option"):
                option.attrib.pop("selected", None)
            (chosen,) = [option for option in control.iter("option") if option.get("value") == value]
            chosen.set("selected", "")
        elif control.tag == "textarea":
            control.text = "\n" + value
        else:
            control.set("value", value)

    def tick(self, box: Any, on: bool = True) -> None:
        """Tick or untick a checkbox."""
        box.attrib.pop("checked", None)
        if on:
            box.set("checked", "")

    def rows(self, card: str, block: str) -> list[Any]:
        """The rows of ``block`` in a card."""
        return self.root.xpath("//*[@data-card=$card]//*[@data-row][@data-block=$block]", card=card, block=block)

    def choose(
        self, card: str, block: str, on: bool = True, *, weight: str | None = None, threshold: str | None = None
    ) -> None:
        """Let a block assess the outcome of ``card``, or not, as the picker does; a row that is there is filled in."""
        rows = self.rows(card, block)
        if not on:
            for row in rows:
                row.getparent().remove(row)
            return
        if not rows:
            assert self.root.xpath("//*[@data-option=$block]", block=block), f"{block} cannot be chosen"
            rows = [self._new_row(card, block)]
        for name, value in (("weight", weight), ("threshold", threshold)):
            if value is not None:
                rows[0].xpath(".//*[@data-part=$name]", name=name)[0].set("value", value)

    def _new_row(self, card: str, block: str) -> Any:
        self.new += 1
        (markup,) = [html.tostring(child, encoding="unicode") for child in self.blank_row]
        row = html.fragment_fromstring(markup.replace("__key__", card).replace("__row__", f"n{self.new}"))
        row.set("data-block", block)
        self.root.xpath("//*[@data-card=$card]//*[@data-mcp='rows']", card=card)[0].append(row)
        return row

    def add(self, **values: str) -> str:
        """A new outcome; its key."""
        self.new += 1
        key = f"new{self.new}"
        markup = "".join(html.tostring(child, encoding="unicode") for child in self.blank)
        self.root.xpath("//*[@data-mcp='cards']")[0].append(html.fragment_fromstring(markup.replace("__key__", key)))
        for name, value in values.items():
            self.fill(f"{key}.{name}", value)
        return key

    def remove(self, key: str) -> None:
        card = self.root.xpath("//*[@data-card=$key]", key=key)[0]
        card.getparent().remove(card)

    def move_up(self, key: str) -> None:
        card = self.root.xpath("//*[@data-card=$key]", key=key)[0]
        other = card.getprevious()
        other.getparent().remove(card)
        other.addprevious(card)

    def value(self, control: Any) -> Any:
        """What the control holds in a browser."""
        if control.tag == "select":
            chosen = control.xpath(".//option[@selected]")
            return (chosen[0] if chosen else control.xpath(".//option")[0]).get("value")
        if control.tag == "textarea":
            text = (control.text or "").replace("\r\n", "\n").replace("\r", "\n")
            return text.removeprefix("\n")
        if control.get("type") in ("checkbox", "radio"):
            return control.get("checked") is not None
        return control.get("value").replace("\r", "").replace("\n", "")

    def send(self, required: list[str] | None = None) -> dict[str, Any]:
        """What the script sends; ``required`` are the ticked outcomes of the mastery rule where they changed."""
        recognition: dict[str, Any] = {}
        values = {}
        for control in self.root.xpath("//*[@data-control]"):
            name = control.get("data-control")
            values[name] = self.value(control)
            if name.startswith("recognition."):
                *path, last = name.split(".")[1:]
                (recognition.setdefault(path[0], {}) if path else recognition)[last] = values[name]
        return {
            "digest": self.arguments["digest"],
            "title": values["title"], "description": values["description"], "language": values["language"],
            "outcomes": [self._outcome(card) for card in self.root.xpath("//*[@data-card]")],
            "mastery": {
                "rule": values["mastery.rule"], "n": values["mastery.n"],
                "required": self.arguments["required"] if required is None else required,
            },
            "recognition": recognition,
            "upkeep": {name: values[f"upkeep.{name}"] for name in UPKEEP},
            "caption": values.get("image.caption", ""), "image": self._image(),
        }

    def badge(self, name: str, value: Any) -> None:
        """Choose something of the badge image: ``mode``, ``shape``, ``level`` and so on."""
        for box in self._boxes(name):
            self.tick(box, value if box.get("type") == "checkbox" else box.get("value") == value)

    def _boxes(self, name: str) -> list[Any]:
        return self.root.xpath("//*[@data-badge=$name]", name=name)

    def _image(self) -> dict[str, Any]:
        chosen = {
            name: next((box.get("value") for box in self._boxes(name) if self.value(box)), "")
            for name in ("mode", "shape", "colour", "icon")
        }
        kind = chosen.pop("mode")
        if kind != "design":
            return {"kind": "kept" if kind == "file" else kind}
        shows = {name: self.value(self._boxes(name)[0]) for name in ("level", "title")}
        return {"kind": kind, **chosen, **shows}

    def _outcome(self, card: Any) -> dict[str, Any]:
        key = card.get("data-card")
        sources = self.arguments["sources"]
        outcome = {"key": key, **({"source": sources[key]} if key in sources else {})}
        for control in card.xpath(".//*[@data-control][not(ancestor::*[@data-row])]"):
            outcome[control.get("data-control").removeprefix(f"{key}.")] = self.value(control)
        outcome["blocks"] = [
            {
                "row": row.get("data-row"), "block": row.get("data-block"),
                "member": int(row.get("data-member")) if row.get("data-member") else "",
                **{name: self.value(row.xpath(".//*[@data-part=$name]", name=name)[0]) for name in _CONDITIONS},
            }
            for row in card.xpath(".//*[@data-row]")
        ]
        if card.xpath(".//*[@data-mcp='skill-finder']"):
            outcome["skills"] = [
                {
                    **({"member": int(chip.get("data-member"))} if chip.get("data-member") else {}),
                    **{name: chip.get(f"data-{name}") for name in ("uri", "label", "framework")},
                }
                for chip in card.xpath(".//*[@data-skill]")
            ]
        return outcome


def fields_of(pill: LearningPill) -> dict[str, Any]:
    """A pill as an author would have written it; without its image, which is a file."""
    values = {name: getattr(pill.recognition, name) for name in RECOGNITION_VALUES}
    recognition = {name: str(value) for name, value in values.items() if value not in (None, "")}
    for name in RECOGNITION_PARTS:
        part = getattr(pill.recognition, name)
        if part is not None:
            recognition[name] = {key: str(value) for key, value in vars(part).items() if value not in (None, "")}
    return {
        "display_name": pill.title, "language": pill.language, "description": pill.description,
        "outcomes": [_outcome_data(outcome) for outcome in pill.outcomes],
        "mastery": {"rule": pill.mastery.kind.value, "n": str(pill.mastery.n), "required": list(pill.mastery.required)},
        "recognition": recognition,
        "upkeep": {
            name: value if isinstance(value, str) else str(value)
            for name, value in codec.encode(pill.upkeep).items() if name in UPKEEP and value is not None
        },
        "badge_image": {"caption": pill.image.caption, "svg": "<svg/>"} if pill.image else {},
    }


def _outcome_data(outcome: Any) -> dict[str, Any]:
    return {
        "id": outcome.id, "title": outcome.title, "description": outcome.description, "kind": outcome.kind,
        "reuse": outcome.reuse_level, "logic": outcome.assessment.logic.value,
        "threshold": str(outcome.threshold), "all_attempted": str(outcome.assessment.all_attempted).lower(),
        "skills": [{"uri": skill.uri, "label": skill.label} for skill in outcome.skills],
        "assessed_by": [_member_data(member) for member in outcome.assessment.members],
    }


def _member_data(member: Any) -> dict[str, Any]:
    rule = {"threshold": str(member.rule.value)} if member.rule else {}
    if isinstance(member, CriteriaGroup):
        return {
            "members": [_member_data(inner) for inner in member.members], "logic": member.logic.value,
            "weight": str(member.weight), "all_attempted": str(member.all_attempted).lower(), **rule,
        }
    return {"block": member.block, "weight": str(member.weight), **rule}
