"""Work beside the request without a broker: one daemon thread that also sweeps. For the demonstration only."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Any

from django.db import close_old_connections

log = logging.getLogger(__name__)


class Runner:
    """A queue of tasks and the thread that works it off; when idle, the thread looks for what was lost."""

    def __init__(self, *, sweep_seconds: float = 5.0) -> None:
        self._sweep_seconds = sweep_seconds
        self._jobs: queue.Queue[tuple[Any, tuple[Any, ...]] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, task: Any, ids: tuple[Any, ...]) -> None:
        """Run ``task`` soon, in the order of submission."""
        self._jobs.put((task, ids))
        self.ensure_running()

    def ensure_running(self) -> None:
        """Start the thread unless it runs; what was due when the process last ended is found by its first sweep."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="microcred-runner", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread after what is queued now."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                self._jobs.put(None)
                self._thread.join()

    def _work(self) -> None:
        from . import tasks

        while True:
            try:
                job = self._jobs.get(timeout=self._sweep_seconds)
            except queue.Empty:
                job = (tasks.sweep, ())
            if job is None:
                return
            self._run(*job)

    def _run(self, task: Any, ids: tuple[Any, ...]) -> None:
        close_old_connections()
        try:
            task.apply(args=ids)
        except Exception:  # the thread must go on; rows stay due
            log.exception("Task %s failed.", task)
        finally:
            close_old_connections()


local = Runner()
