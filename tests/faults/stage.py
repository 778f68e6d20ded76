"""The site under faults: MariaDB, Redis, two worker processes and two wallets, all of our own, and its learners."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from tests import services
from tests.wallets.host import Host

ROOT = Path(__file__).parents[2]
WORKERS = 2
PATIENCE = 25.0
NAME, MAIL = "Camille Exemple", "@learner.example"


class Worker:
    """A Celery worker process with one child that does the work, as a site would run it."""

    def __init__(self, name: str, config: Path, folder: Path) -> None:
        self.name, self._config, self.log = name, config, folder / f"{name}.log"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it; ``await_ready`` waits for it."""
        environment = {
            **os.environ, "MICROCRED_FAULTS": str(self._config), "MICROCRED_FAULTS_WORKER": "1",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings", "C_FORCE_ROOT": "1",
        }
        command = [
            sys.executable, "-W", "ignore", "-m", "celery", "-A", "tests.faults.app", "worker", "--loglevel", "INFO",
            "--concurrency", "1", "--hostname", f"{self.name}@faults", "--without-gossip", "--without-mingle",
        ]
        with self.log.open("ab") as log:
            self._from = log.tell()
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def await_ready(self) -> None:
        """Wait until it takes tasks."""
        end = time.monotonic() + 60
        while b"ready." not in self.log.read_bytes()[self._from:]:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Worker {self.name} does not start:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.05)

    def signal(self, number: int) -> None:
        """To the worker and its child."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """All of it, at once, with every message it has fetched."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class Learner:
    """A learner, the award and what was known of it before anything went wrong."""

    value: Any
    wallet: str
    award_id: str = ""
    ids: dict[str, str] = field(default_factory=dict)


class Stage:
    """Everything that runs. ``Stage.open()`` starts it and sets Django up in this process, which plays the web."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="microcred-faults-"))
        self.database, self.broker = services.Own("mysql"), services.Own("redis")
        self.hosts = {"good": Host(), "slow": Host()}
        self.workers: list[Worker] = []
        self.random = random.Random(4)
        self._count, self._small, self._more = 0, None, ExitStack()

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Stage]:
        """The stage, cleaned up afterwards."""
        stage = cls()
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, stage.folder, ignore_errors=True)
            for own in (stage.database, stage.broker):
                stack.callback(own.close)
                own.start()
            for host in stage.hosts.values():
                stack.enter_context(host)
            url = stack.enter_context(services.database("mysql", stage.database.port))
            stack.enter_context(stage._more)
            stage._set_up(url)
            for worker in stage.workers:
                stack.callback(worker.kill)
                worker.start()
            for worker in stage.workers:
                worker.await_ready()
            yield stage
            from django.db import connection

            connection.close()

    def _set_up(self, url: str) -> None:
        config = self.folder / "site.json"
        for name in ("keys", "points"):
            (self.folder / name).mkdir(mode=0o700)
        config.write_text(json.dumps({
            "database": url, "broker": f"redis://127.0.0.1:{self.broker.port}/0", "keys": str(self.folder / "keys"),
            "points": str(self.folder / "points"), "token_key": Fernet.generate_key().decode(),
            "wallets": {name: host.url for name, host in self.hosts.items()},
        }), encoding="utf-8")
        os.environ.update(MICROCRED_FAULTS=str(config), DJANGO_SETTINGS_MODULE="tests.faults.settings")
        self.workers = [Worker(f"worker{index}", config, self.folder) for index in range(1, WORKERS + 1)]
        from tests.faults import app

        app.set_up()
        from django.core.management import call_command

        from microcred_xblock.issuance import indexing

        call_command("migrate", verbosity=0)
        call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        indexing.store(app.COURSE, {pill: frozenset({app.BLOCK}) for pill in app.platform().courses[app.COURSE]})

    def site_on_a_small_disk(self) -> Any:
        """Another site, on the same database server, with its keys on a disk that can be full."""
        from tests.faults import disk

        if self._small is None:
            url = self._more.enter_context(services.database("mysql", self.database.port))
            self._small = disk.Site(self.folder / "small", url)
            self._more.callback(self._small.close)
        return self._small

    # What learners do

    def learner(self, wallet: str = "good", course: str = "course-v1:MiCRET+WT101+2026") -> Learner:
        """Somebody new who has mastered the pill and holds the award."""
        from django.utils import timezone

        from microcred_xblock.issuance import api
        from tests.factories import make_pill, make_scores

        one = self.newcomer(wallet)
        scores = make_scores(at=timezone.now())
        one.award_id = api.record_scores(make_pill(), scores, learner_id=one.value.id, course_id=course).award_id
        return one

    def newcomer(self, wallet: str = "good") -> Learner:
        """Somebody new without an award."""
        from microcred_xblock.issuance.data import Learner as Value

        self._count += 1
        return Learner(Value(
            id=f"learner_{self._count}", full_name=f"{NAME} {self._count}", email=f"camille{self._count}{MAIL}"
        ), wallet)

    def consent(self, one: Learner) -> None:
        """The learner agrees; from here on ids are fixed."""
        from microcred_xblock.issuance import api, models

        digest = api.payload(one.award_id, one.value).digest
        one.ids = dict(models.Credential.objects.filter(award_id=one.award_id).values_list("format", "credential_id"))
        api.consent(one.award_id, one.value, digest=digest)

    def connect(self, one: Learner) -> None:
        """The learner connects the wallet, as a browser would."""
        from microcred_xblock.issuance import api

        host = self.hosts[one.wallet]
        start = api.connect(one.value.id, one.wallet, award_id=one.award_id, return_url="/b")
        ticket = start.rstrip("/").rpartition("/")[2]
        url = api.start_connection(ticket, session_secret="s", learner_id=None)
        query = dict(part.split("=") for part in host.approve(url).partition("?")[2].split("&"))
        back = api.finish_connection(
            wallet_id=one.wallet, state=query["state"], code=query["code"], error="", iss="", session_secret="s",
            learner_id=None,
        )
        assert "error" not in back, back

    def send(self, one: Learner) -> None:
        """The learner presses "send"."""
        from microcred_xblock.issuance import api

        api.send(one.award_id, one.value.id, one.wallet)

    def issued(self, *learners: Learner) -> bool:
        """Whether every form of their awards is signed."""
        from microcred_xblock.issuance import models

        awards = [one.award_id for one in learners]
        return models.Credential.objects.filter(award_id__in=awards, state="issued").count() == 3 * len(awards)

    def delivered(self, *learners: Learner) -> bool:
        """Whether badge and ELM file are in their wallets, as our rows say, and the form that no wallet gets is signed.

        A dying transaction gives its rows back one by one: the next worker may find some of an award's, the sweep the
        rest.
        """
        from microcred_xblock.issuance import models

        awards = [one.award_id for one in learners]
        if models.Credential.objects.filter(award_id__in=awards, state="queued").exists():
            return False
        rows = models.Delivery.objects.filter(credential__award_id__in=awards, state="delivered")
        return rows.count() == 2 * len(awards)

    # What time does

    def drive(self, until: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> float:
        """Sweep, as Celery beat would (only oftener), until something is so; how long it took."""
        begun = time.monotonic()
        while not until():
            if time.monotonic() - begun > patience:
                raise AssertionError(f"not {what or 'so'} within {patience:.0f} s: {self.left_over()}")
            self.sweep()
            time.sleep(0.25)
        return time.monotonic() - begun

    def wait(self, until: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> None:
        """Wait until something is so, without any sweep."""
        end = time.monotonic() + patience
        while not until():
            if time.monotonic() > end:
                raise AssertionError(f"not {what or 'so'} within {patience:.0f} s: {self.left_over()}")
            time.sleep(0.05)

    def sweep(self) -> None:
        """What beat sends. It does not matter whether the broker is there."""
        from microcred_xblock.issuance import tasks

        with contextlib.suppress(Exception):
            tasks.sweep.apply_async(retry=False)

    def pause(self) -> None:
        """The workers take nothing for a while: a long queue."""
        for worker in self.workers:
            worker.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """They go on."""
        for worker in self.workers:
            worker.signal(signal.SIGCONT)

    def rest(self) -> None:
        """Between two faults: everything runs, wallets behave, nothing is armed, no circuit is open."""
        from microcred_xblock.issuance import models
        from tests.faults import points

        for own in (self.broker, self.database):
            if own.process is None:
                own.start()
        for worker in self.workers:
            if worker.process is None:
                worker.start()
                worker.await_ready()
        points.disarm()
        for host in self.hosts.values():
            host.behave()
        models.WalletCircuit.objects.all().delete()

    # What must be true afterwards

    def check(self, *learners: Learner, wallet_has: int = 2) -> str:
        """Nothing is lost, nothing doubled, and everything is what it was; a few words about it."""
        from microcred_xblock.issuance import models

        uploads = 0
        for one in learners:
            award = models.Award.objects.get(learner_id=one.value.id)
            assert str(award.pk) == one.award_id, "another award"
            rows = {row.format: row for row in models.Credential.objects.filter(award=award)}
            assert {name: row.credential_id for name, row in rows.items()} == one.ids, "another credential id"
            assert all(row.state == "issued" for row in rows.values()), "not issued"
            for row in rows.values():
                assert hashlib.sha256(bytes(row.content)).hexdigest() == row.digest, "bytes and digest differ"
            consents = models.Consent.objects.filter(award=award, active=True)
            assert consents.filter(purpose="issue").count() == 1, "consent doubled or lost"
            if not wallet_has:
                continue
            states = list(models.Delivery.objects.filter(credential__award=award, connection__active=True)
                          .values_list("state", flat=True))
            assert states == ["delivered"] * wallet_has, states
            held = self.held(one)
            assert len(held) == wallet_has, f"the wallet holds {len(held)}"
            for name in ("ob3", "elm"):
                bodies = held[one.ids[name]]
                assert set(bodies) == {bytes(rows[name].content)}, "the wallet got other bytes"
                uploads += len(bodies)
        return f"{uploads} uploads of {wallet_has * len(learners)}" if wallet_has else ""

    def held(self, one: Learner) -> dict[str, list[bytes]]:
        """What the wallet holds of this learner, by credential id; each with every upload of it."""
        host = self.hosts[one.wallet]
        found: dict[str, list[bytes]] = {}
        if host.stored.get(one.ids["ob3"]):
            found[one.ids["ob3"]] = list(host.stored[one.ids["ob3"]])
        for body in host.stored.get("elm", ()):
            name = json.loads(json.loads(body)["payload"])["id"]
            if name == one.ids["elm"]:
                found.setdefault(name, []).append(body)
        return found

    def left_over(self) -> str:
        """For the report of a failure: what is not finished, and why."""
        from microcred_xblock.issuance import models

        with contextlib.suppress(Exception):
            credentials = models.Credential.objects.exclude(state__in=("issued", "prepared"))
            deliveries = models.Delivery.objects.exclude(state__in=("delivered", "stopped"))
            return str([
                *credentials.values_list("award__learner_id", "format", "state", "error_code", "attempts"),
                *deliveries.values_list("credential__award__learner_id", "state", "error_code", "attempts"),
                *models.AssessmentRequest.objects.values_list("learner_id", "error_code", "attempts"),
            ])
        return "the database does not answer"

    def logs(self) -> str:
        """Everything the workers wrote."""
        return "".join(worker.log.read_text(encoding="utf-8", errors="replace") for worker in self.workers)
