"""Small graded blocks for tests: they stand for any third-party block inside a pill."""

from __future__ import annotations

from collections import namedtuple
from contextlib import contextmanager
from unittest.mock import Mock

from web_fragments.fragment import Fragment
from xblock.core import XBlock
from xblock.fields import Float, Integer, Scope, String
from xblock.scorable import ScorableXBlockMixin, Score

Grade = namedtuple("Grade", "raw percentage")


class ScoreBox(ScorableXBlockMixin, XBlock):
    """A block that says its score itself; ``answer`` sets it."""

    display_name = String(default="Box", scope=Scope.settings)
    url_name = String(default="", scope=Scope.settings)
    earned = Float(default=None, scope=Scope.user_state)
    possible = Float(default=1, scope=Scope.settings)

    def has_submitted_answer(self):
        return self.earned is not None

    def get_score(self):
        return Score(self.earned, self.possible)

    def set_score(self, score):
        self.earned = score.raw_earned

    def calculate_score(self):
        return self.get_score()

    def max_score(self):
        return self.possible

    def student_view(self, _context=None):
        return Fragment(f"<p class='scorebox'>{self.display_name}</p>")

    @XBlock.json_handler
    def answer(self, data, _suffix=""):
        self.earned = data["earned"]
        return {}


class OldBox(XBlock):
    """A block from before ScorableXBlockMixin: a share of its points in ``score``, and a counter."""

    has_score = True
    display_name = String(default="Old box", scope=Scope.settings)
    score = Float(default=0.0, scope=Scope.user_state)
    count_attempts = Integer(default=0, scope=Scope.user_state)

    def max_score(self):
        return 5

    def student_view(self, _context=None):
        return Fragment("<p>old</p>")


class PlainBox(XBlock):
    """A block without a score, and one that holds others."""

    has_children = True
    display_name = String(default="Text", scope=Scope.settings)

    def student_view(self, _context=None):
        return Fragment("<p>plain</p>")


@contextmanager
def installed(**classes):
    """The block classes under these tag names, as if their packages were installed."""
    points = []
    for name, kind in classes.items():
        point = Mock(dist=Mock(key="xblock"), load=Mock(return_value=kind), group="xblock.v1")
        point.name = name
        points.append((name, point))
    before = list(XBlock.extra_entry_points)
    XBlock.extra_entry_points.extend(points)
    try:
        yield
    finally:
        XBlock.extra_entry_points[:] = before
