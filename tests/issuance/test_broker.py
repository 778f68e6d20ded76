"""Handing tasks to a broker that may be away: on a real one, which is killed and started again."""

import time

import pytest
from celery import Celery

from microcred_xblock.issuance import broker
from tests import services


@pytest.fixture(autouse=True)
def awake():
    broker.wake()
    yield
    broker.wake()


@pytest.fixture(scope="module")
def server():
    services.require("redis", own=True)
    own = services.Own("redis").start()
    yield own
    own.close()


@pytest.fixture
def task(server):
    app = Celery(broker=f"redis://127.0.0.1:{server.port}/0", set_as_current=False)
    app.conf.task_default_queue = "mends"

    @app.task(name="task", ignore_result=True)
    def made(_pk):
        """Nobody works here."""

    return made


def waiting(task):
    with task.app.connection_for_read() as link:
        return link.default_channel.client.llen("mends")


class TestReal:
    def test_a_message_arrives_and_again_after_a_restart_without_a_pause(self, server, task):
        broker.send(task, (1,))
        assert waiting(task) == 1
        server.kill()
        server.start()
        broker.send(task, (2,))  # through a connection that has died
        assert waiting(task) == 1, "what the broker forgot the sweep finds; this one it has"

    def test_nobody_waits_for_one_that_is_down(self, server, task):
        broker.send(task, (1,))
        server.kill()
        try:
            began = time.monotonic()
            with pytest.raises(Exception, match="refused"):
                broker.send(task, (2,))
            for pk in range(100):
                with pytest.raises(broker.Resting):
                    broker.send(task, (pk,))
            assert time.monotonic() - began < broker._CONNECT, "kombu by itself sleeps for two seconds and more"
        finally:
            server.start()
        broker.wake()
        broker.send(task, (3,))
        assert waiting(task) == 1

    def test_the_platform_s_own_connections_stay_as_they_are(self, task):
        before = task.app.connection_for_write()
        broker.send(task, (1,))
        after = task.app.connection_for_write()
        assert (after.connect_timeout, after.transport_options) == (before.connect_timeout, before.transport_options)
        assert not after.transport_options


def test_the_rest_ends(monkeypatch):
    now, asked = [1_000.0], []
    monkeypatch.setattr(broker.time, "monotonic", lambda: now[0])

    def fail(_task, ids):
        asked.append(ids)
        raise ConnectionError

    monkeypatch.setattr(broker, "_send", fail)
    for moment, expected in ((0, ConnectionError), (1, broker.Resting), (9.9, broker.Resting), (10, ConnectionError)):
        now[0] = 1_000.0 + moment
        with pytest.raises(expected):
            broker.send(None, (moment,))
    assert asked == [(0,), (10,)]
