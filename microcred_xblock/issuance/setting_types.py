"""What kind of value each setting is, told from its default. Asks nothing, opens nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from . import conf

_PATHS = ("MICROCRED_KEYS_DIR", "MICROCRED_SEAL_PKCS12", "MICROCRED_CA_BUNDLE")
_OWN = ("MICROCRED_API_RATES", "MICROCRED_ISSUERS", "MICROCRED_STATUS_LIST_SIZE")  # each has a check of its own
_RUNNERS = ("celery", "thread")


def problems() -> Iterator[str]:
    """What has to be written instead of each value that cannot be meant; never the value, which may be a secret."""
    for name, default in conf.DEFAULTS.items():
        told = None if name in _OWN else _wanted(name, conf.setting(name), default)
        if told:
            yield f"{name} {told}"


def _wanted(name: str, value: Any, default: Any) -> str:
    """What ``name`` has to be, if it is something else."""
    if name in conf.NUMBERS:
        least, most = conf.NUMBERS[name]
        fits = conf.as_number(value, least, most) is not None
        return "" if fits else f"must be a number from {least} to {most}, as {default}."
    if name == "MICROCRED_HTTP_TIMEOUTS":
        return _timeouts(value, default)
    if name == "MICROCRED_CLIENT":
        return _client(value)
    if name == "MICROCRED_RUNNER":
        return "" if value in _RUNNERS else "must be “celery” or “thread”."
    if name == "MICROCRED_TOKEN_KEY":
        return "" if isinstance(value, str | list | tuple) else "must be a Fernet key, or a list of them."
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "must be True or False, without quotation marks."
    if isinstance(default, list):
        return _list(name, value)
    if isinstance(default, dict):
        return "" if isinstance(value, Mapping) else "must be a dictionary."
    fits = isinstance(value, str) or (name in _PATHS and isinstance(value, Path))
    return "" if fits else "must be a text."


def _list(name: str, value: Any) -> str:
    if name == "MICROCRED_EARNING_ROLES":
        return "" if _texts(value) else "must be a list of roles, as [\"staff\"]."
    if name in ("MICROCRED_OFFERS", "MICROCRED_OPENID4VCI_FORMATS"):
        known = _texts(value) and set(value) <= set(conf.DEFAULTS[name])
        return "" if known else f"must be a list of {', '.join(conf.DEFAULTS[name])}, or empty."
    return "" if isinstance(value, list | tuple) else "must be a list of dictionaries."


def _client(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "must be a dictionary."
    if not _texts(value.get("contacts", [])):
        return "must give \"contacts\" as a list of addresses for mail."
    addresses = (value[name] for name in ("logo_uri", "tos_uri", "policy_uri") if name in value)
    fits = all(isinstance(told, str) and told.startswith(("https://", "http://")) for told in addresses)
    return "" if fits else "must give each page and picture by its whole address."


def _timeouts(value: Any, default: Mapping[str, Any]) -> str:
    least, most = conf.TIMEOUT
    known = isinstance(value, Mapping) and value.keys() <= default.keys()
    if known and all(conf.as_number(seconds, least, most) is not None for seconds in value.values()):
        return ""
    return f"must give seconds from {least} to {most}, as {dict(default)}."


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(item, str) for item in value)
