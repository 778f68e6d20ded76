"""Whether these tests can run here, said in one sentence where they cannot."""

from __future__ import annotations

import pytest
from django.conf import settings

WHY = (
    "needs the settings of {project} and an Open edX checkout that can be imported: "
    "make test-platform PLATFORM=<checkout> PLATFORM_PYTHON=<its python>"
)


def require(project: str) -> None:
    """Skip the module unless it runs inside ``lms`` or ``cms``. Call it before platform code is imported."""
    if getattr(settings, "ROOT_URLCONF", "") != f"{project}.urls":
        pytest.skip(WHY.format(project=project.upper()), allow_module_level=True)
