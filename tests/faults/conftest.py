"""Prints the fault matrix under everything else."""

from tests.faults.matrix import PRINTED


def pytest_terminal_summary(terminalreporter):
    for text in PRINTED:
        terminalreporter.section("fault matrix: MariaDB, Redis, Celery workers")
        terminalreporter.write_line(text)
