"""Outcomes from files that authors have already, and the same files from outcomes. Pure.

Three formats: a table of outcomes (CSV), Moodle's competency framework (CSV), and a package of the 1EdTech standard
CASE 1.0 (JSON). ``read`` makes a list to choose from out of a file's bytes; ``write`` a file out of a pill's outcomes.
What each format cannot carry is said in its module.
"""

from .files import FORMATS, MAX_BYTES, File, read, write
from .model import MAX_ITEMS, Framework, Item

__all__ = ["FORMATS", "MAX_BYTES", "MAX_ITEMS", "File", "Framework", "Item", "read", "write"]
