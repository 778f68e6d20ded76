"""The block where the Django app is not installed: it loads, and its content stays usable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"], DATABASES={}, SECRET_KEY="x")
django.setup()
from microcred_xblock.learning_pill import LearningPillBlock
print(LearningPillBlock.__name__)
"""


def test_the_block_can_be_imported():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], cwd=Path(__file__).parents[1], capture_output=True, text=True,
        check=False,
    )
    assert done.stdout.strip() == "LearningPillBlock", done.stderr
