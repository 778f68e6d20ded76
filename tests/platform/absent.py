"""The platform without our block, as after ``pip uninstall``."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

from xblock.core import XBlock
from xblock.plugin import PluginMissingError


@contextmanager
def uninstalled():
    """No class is known for ``learning_pill``: the platform takes its class for unknown blocks."""
    load_class, load_classes = XBlock.load_class, XBlock.load_classes

    def load(identifier, default=None, select=None, **more):
        if identifier != "learning_pill":
            return load_class(identifier, default, select, **more)
        if default is None:
            raise PluginMissingError(identifier)
        return default

    def known(*args, **more):
        return (found for found in load_classes(*args, **more) if found[0] != "learning_pill")

    with patch.object(XBlock, "load_class", load), patch.object(XBlock, "load_classes", known):
        yield
