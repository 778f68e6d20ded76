"""Checks of ``doctor`` that ask the services around the site: the mail server and the broker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import global_settings, settings

from . import conf, models
from .doctor import Finding, error, ok, warning

SECONDS = 5
_COUNTED = 1_000


def mail(_now: datetime) -> Iterator[Finding]:
    """Can notices and files go out by mail, if they are to?"""
    if not (conf.setting("MICROCRED_NOTICE_EMAIL") or conf.setting("MICROCRED_MAIL_FILES")):
        yield ok("Notices are shown on the page only.")
        return
    dead = models.Notice.objects.filter(state=models.Notice.State.DEAD).order_by()[:_COUNTED + 1].count()
    if dead:
        yield warning(
            f"{'more than ' if dead > _COUNTED else ''}{min(dead, _COUNTED)} notices could not be sent by mail; the "
            "page shows them.", "See whether the mail server takes them, then: `microcred retry --untold`.", dead=dead,
        )
    if not getattr(settings, "DEFAULT_FROM_EMAIL", ""):
        yield error("Notices by mail have no sender.", "Set DEFAULT_FROM_EMAIL.")
    elif settings.DEFAULT_FROM_EMAIL == global_settings.DEFAULT_FROM_EMAIL:
        yield warning(
            f"Notices by mail come from {settings.DEFAULT_FROM_EMAIL}, which is nobody: many servers refuse them.",
            "Set DEFAULT_FROM_EMAIL to an address of the site.",
        )
    elif settings.EMAIL_BACKEND.rpartition(".")[0].rpartition(".")[2] in ("console", "dummy", "locmem"):
        yield warning(
            "Notices by mail go nowhere: EMAIL_BACKEND does not send.", "Set EMAIL_BACKEND to one that sends.",
            backend=settings.EMAIL_BACKEND,
        )
    elif settings.EMAIL_BACKEND == global_settings.EMAIL_BACKEND:
        yield from _mail_server()
    else:
        backend = settings.EMAIL_BACKEND
        yield ok("Notices are handed over for mailing; whether they arrive is not tried.", backend=backend)


def _mail_server() -> Iterator[Finding]:
    """Does the SMTP server answer? Nothing is sent."""
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with socket.create_connection((settings.EMAIL_HOST, int(settings.EMAIL_PORT)), timeout=SECONDS):
            yield ok(f"The mail server {where} takes connections; no message was sent.", server=where)
    except (OSError, ValueError) as problem:
        yield error(
            f"The mail server {where} cannot be reached ({type(problem).__name__}).",
            "Set EMAIL_HOST and EMAIL_PORT to the mail server of the site, or start it.", server=where,
        )


def broker(app: Any) -> Iterator[Finding]:
    """Can tasks be handed over? Tries once, for a few seconds."""
    if conf.setting("MICROCRED_RUNNER") == "thread" or app.conf.task_always_eager:
        yield ok("Work is done without a broker.")
        return
    if not app.conf.broker_url and not app.conf.broker_write_url:
        yield warning(
            "No Celery app with a broker is configured here: tasks go to Celery's default address, if anywhere.",
            "Run this where the LMS's own Celery app is loaded (`manage.py lms`), or set CELERY_BROKER_URL; a site "
            "without Celery sets MICROCRED_RUNNER to \"thread\".",
        )
        return
    with app.connection_for_write(connect_timeout=SECONDS) as wanted:
        where = wanted.as_uri()  # without its password
        try:
            wanted.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=SECONDS)
        except Exception as problem:  # whatever the transport raises
            yield error(
                f"The broker {where} cannot be reached ({type(problem).__name__}).",
                "Start it, or correct its address. Nothing is lost: the sweep hands everything over later.",
                broker=where,
            )
        else:
            yield ok(f"The broker {where} answers.", broker=where)
