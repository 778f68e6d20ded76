"""Where the demo keeps its files, and at which addresses its two servers answer."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

import django

COURSE_PORT = 8000
WALLET_PORT = 8100


def demo_dir() -> Path:
    """The folder of everything the demo remembers; ``MICROCRED_DEMO_DIR``, else ``./var/demo``."""
    return Path(os.environ.get("MICROCRED_DEMO_DIR", "var/demo")).absolute()


def course_url() -> str:
    """The address of the course server, without a final slash. ``localhost``, as did:web allows no IP address."""
    return os.environ.get("MICROCRED_COURSE_URL", f"http://localhost:{COURSE_PORT}")


def wallet_url() -> str:
    """The address of the wallet server, without a final slash."""
    return os.environ.get("MICROCRED_WALLET_URL", f"http://localhost:{WALLET_PORT}")


def secret(name: str) -> str:
    """A random secret that stays the same between starts: ``<demo folder>/<name>``, readable by its owner only."""
    path = demo_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", encoding="ascii", opener=_owner_only) as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def fernet_key(name: str) -> str:
    """A Fernet key made from the secret of that name."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret(name).encode("ascii")).digest()).decode("ascii")


def sqlite(path: Path) -> dict:
    """A Django database entry for an SQLite file that several threads and processes may share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            # Django 4.2 knows neither: writers then wait for each other less gracefully.
            **({
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            } if django.VERSION >= (5, 1) else {}),
        },
    }


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
