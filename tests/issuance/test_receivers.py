"""What the platform tells us must never come back to it as an exception."""

import pytest
from django.dispatch import Signal

from microcred_xblock.issuance import apps, assessing, indexing, models, receivers
from microcred_xblock.issuance.settings import common

COURSE = "course-v1:Org+C+R"


@pytest.fixture
def asked(monkeypatch):
    """What the receivers asked for."""
    found = []
    monkeypatch.setattr(assessing, "request", lambda *args, now: found.append(args))
    monkeypatch.setattr(indexing, "request", lambda *args, now: found.append(args))
    monkeypatch.setattr(indexing, "forget", lambda *args: found.append(args))
    return found


class Key:
    """A course key, or with ``is_course`` false a library's."""

    def __init__(self, is_course=True):
        self.is_course = is_course

    def __str__(self):
        return COURSE


class TestWhatTheyTake:
    def test_a_score(self, asked):
        receivers.score_changed(
            sender=None, user_id=7, usage_id="block", course_id=COURSE, weighted_earned=1, weighted_possible=1,
            modified=None, score_db_table="csm", anything_newer=True, signal=None,
        )
        assert asked == [("7", "block")]

    @pytest.mark.parametrize("told", [
        {}, {"user_id": None, "usage_id": "b"}, {"user_id": 7}, {"user_id": 7, "usage_id": ""},
    ])
    def test_half_of_it_is_nothing(self, asked, told):
        receivers.score_changed(sender=None, **told)
        assert asked == []

    def test_courses(self, asked):
        receivers.course_published(sender=None, course_key=Key())
        receivers.course_published(sender=None, course_key=Key(is_course=False))
        receivers.course_published(sender=None)
        receivers.course_deleted(sender=None, course_key=Key())
        receivers.course_deleted(sender=None)
        assert asked == [(COURSE,), (COURSE,)]


@pytest.mark.parametrize(("receiver", "told"), [
    (receivers.score_changed, {"user_id": 7, "usage_id": "b"}),
    (receivers.course_published, {"course_key": Key()}),
    (receivers.course_deleted, {"course_key": Key()}),
])
class TestFaults:
    @pytest.fixture(autouse=True)
    def broken(self, monkeypatch):
        for module, name in ((assessing, "request"), (indexing, "request"), (indexing, "forget")):
            monkeypatch.setattr(module, name, lambda *_args, **_kwargs: 1 / 0)

    def test_they_are_logged_without_a_name(self, receiver, told, caplog):
        receiver(sender=None, **told)
        assert f"{receiver.__name__} failed" in caplog.text
        assert caplog.records[0].exc_info[0] is ZeroDivisionError

    def test_they_do_not_reach_a_signal_that_is_not_robust(self, receiver, told):
        signal = Signal()
        signal.connect(receiver)
        assert signal.send(sender=None, **told) == [(receiver, None)]

    def test_keywords_that_nobody_foresaw(self, receiver, told):
        receiver(**told, sender=None, signal=None, more=object())


@pytest.mark.django_db
def test_unusable_ids_from_elsewhere_do_no_harm(world):
    receivers.score_changed(sender=None, user_id=object(), usage_id=object())
    receivers.course_published(sender=None, course_key="no key")
    assert not models.AssessmentRequest.objects.exists()


def test_each_receiver_is_connected_once_by_a_path_that_exists():
    for project, config in apps.IssuanceConfig.plugin_app["signals_config"].items():
        uids = [entry["dispatch_uid"] for entry in config["receivers"]]
        assert len(uids) == len(set(uids))
        names = {entry["receiver_func_name"] for entry in config["receivers"]}
        assert all(callable(getattr(receivers, name)) for name in names)
        assert ("score_changed" in names) == (project == "lms.djangoapp"), "Studio has no grades"


class TestSettings:
    """What the plugin adds to the platform's Celery."""

    def settings(self, **more):
        class Settings:
            ROOT_URLCONF = "lms.urls"

        for name, value in more.items():
            setattr(Settings, name, value)
        return Settings

    def test_every_task_goes_to_the_queue_of_the_admin(self):
        found = self.settings(EXPLICIT_QUEUES={"other": {"queue": "x"}}, MICROCRED_CELERY_QUEUE="edx.lms.core.high")
        common.schedule(found)
        routed = {task: {"queue": "edx.lms.core.high"} for task in common.TASKS}
        expected = {"other": {"queue": "x"}, **routed}
        queues = found.EXPLICIT_QUEUES
        assert queues == expected

    def test_without_a_queue_nothing_is_routed(self):
        found = self.settings(EXPLICIT_QUEUES={}, MICROCRED_CELERY_QUEUE="")
        common.schedule(found)
        assert found.EXPLICIT_QUEUES == {}

    def test_every_task_is_named(self):
        from celery import Task

        from microcred_xblock.issuance import tasks

        there = {value.name for value in vars(tasks).values() if isinstance(value, Task)}
        assert there == set(common.TASKS)

    def test_beat_sweeps_in_the_lms_and_keeps_what_the_admin_wrote(self):
        found = self.settings(CELERYBEAT_SCHEDULE={"other": 1})
        common.schedule(found)
        common.schedule(found)
        expected = {"other": 1, "microcred-sweep": {"task": "microcred_xblock.issuance.tasks.sweep", "schedule": 60}}
        beat = found.CELERYBEAT_SCHEDULE
        assert beat == expected
        own = self.settings(CELERYBEAT_SCHEDULE={"microcred-sweep": "mine"})
        common.schedule(own)
        assert own.CELERYBEAT_SCHEDULE == {"microcred-sweep": "mine"}

    def test_studio_and_the_workbench_do_not_sweep(self):
        studio = self.settings(ROOT_URLCONF="cms.urls", CELERYBEAT_SCHEDULE={})
        common.schedule(studio)
        assert studio.CELERYBEAT_SCHEDULE == {}
        common.schedule(self.settings())
