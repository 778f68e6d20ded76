"""The demo's pills: fault diagnosis on a wind turbine in English and French, and one that is still to be written."""

from __future__ import annotations

from importlib.resources import files

from .authoring import expand

LANGUAGES = ("en", "fr")


def load() -> list[tuple[str, str]]:
    """``(title, OLX)`` for each language edition, English first; complete OLX, ready to parse."""
    return [scenario(language) for language in LANGUAGES]


def scenario(language: str) -> tuple[str, str]:
    """``(title, OLX)`` of one edition; the title is the pill's own."""
    source = (files(__package__) / f"fault_diagnosis.{language}.xml").read_bytes()
    return expand(source, drawing=lambda name: (files(__package__) / name).read_bytes())


def unwritten() -> str:
    """OLX of a pill that has its exercises already, and nothing else: what an author starts from."""
    source = (files(__package__) / "new_pill.en.xml").read_bytes()
    return expand(source, drawing=lambda name: (files(__package__) / name).read_bytes())[1]
