"""Subcommands of ``manage.py lms microcred``: every module here is one, under its name.

A module has a docstring (its first line is the help), ``add_arguments(parser)`` and ``handle(command, options)``;
``handle`` gives the exit code, None for 0.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType


def found() -> dict[str, ModuleType]:
    """Every subcommand by its name. Names that begin with ``_`` are helpers."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): import_module(f"{__name__}.{name}") for name in names}
