"""System checks: what an admin still has to set, said at start and by ``manage.py check``."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from ..domain.errors import MicrocredError
from . import awarding_bodies, conf, issuers, rates, setting_types, signers, vault


@register("microcred")
def check_settings(app_configs: Sequence[Any] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Warnings, never errors, for what is not there yet: the platform must start without it."""
    wrong = [Error(told, hint="Mend the setting.", id="microcred.E003") for told in setting_types.problems()]
    return wrong or [*_readable(), *_loopback(), *_key_files()]


def _readable() -> Iterator[CheckMessage]:
    """Nothing is asked of another machine: a remote seal is tried by ``microcred doctor``."""
    steps: list[tuple[str, str, Callable[[], Any]]] = [
        ("microcred.W002", "No wallet can be connected.", lambda: vault.seal({})),
    ]
    for key in _issuers():
        whose = f" by the issuer {key}" if key else ""
        step = partial(issuers.try_keys, key, remote=False)
        steps.append(("microcred.W001", f"No credential can be issued{whose}.", step))
    if conf.setting("MICROCRED_ISSUERS"):
        steps.append(("microcred.W001", "Not every issuer can issue.", awarding_bodies.check_distinct))
    for number, consequence, step in steps:
        try:
            step()
        except MicrocredError as error:
            yield Warning(consequence, hint=error.message, id=number)
    try:
        conf.wallets()
    except MicrocredError as error:
        yield Error(error.message, id="microcred.E001")
    for check in (conf.status_list_size, conf.proxy, conf.ca_bundle, rates.check, awarding_bodies.configured):
        try:
            check()
        except MicrocredError as error:
            yield Error(error.message, hint="Mend the setting.", id="microcred.E003")


def _loopback() -> Iterator[CheckMessage]:
    try:
        local = conf.public_base_url().startswith("http://localhost")
    except MicrocredError:
        return
    if conf.setting("MICROCRED_ALLOW_LOOPBACK_HTTP") and not local:
        yield Error(
            "MICROCRED_ALLOW_LOOPBACK_HTTP lets wallets be spoken to without TLS: it is for demonstrations only.",
            hint="Remove the setting.", id="microcred.E002",
        )


def _key_files() -> Iterator[CheckMessage]:
    """Private keys that others on the machine can read, encrypted or not."""
    for path in sorted(_files()):
        if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Warning(
                f"The key file {path.name} can be read by others.", hint=f"chmod 600 {path.name}", id="microcred.W003"
            )


def _files() -> set[Path]:
    found = set()
    for key in _issuers():
        for purpose in signers.Purpose:
            with contextlib.suppress(MicrocredError):
                source = signers.source(awarding_bodies.body(key), purpose)
                found |= {source.file} if source.file is not None else set()
    return found


def _issuers() -> list[str]:
    try:
        return awarding_bodies.configured()
    except MicrocredError:
        return [awarding_bodies.DEFAULT]
