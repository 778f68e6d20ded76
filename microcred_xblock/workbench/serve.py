"""One server process of the demo: ``python -m microcred_xblock.workbench.serve course|wallet --port N``.

Django's threaded development server on the loopback interface, without reloader and banners. Ends when its standard
input closes, so that it never outlives a supervisor that was killed.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

SETTINGS = {
    "course": "microcred_xblock.workbench.settings",
    "wallet": "microcred_xblock.workbench.wallet.settings",
}


def main(argv: list[str] | None = None) -> None:
    """Serve until killed or orphaned."""
    parser = argparse.ArgumentParser(prog="microcred_xblock.workbench.serve")
    parser.add_argument("server", choices=sorted(SETTINGS))
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args(argv)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS[arguments.server]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _serve(arguments.server, arguments.port)


def _serve(server: str, port: int) -> None:
    """Imports come after DJANGO_SETTINGS_MODULE is set; scenarios are loaded before the first request, once."""
    import django
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import run
    from django.core.wsgi import get_wsgi_application

    django.setup()
    if server == "course":
        from microcred_xblock.issuance import runner
        from microcred_xblock.workbench.shell import load_scenarios

        load_scenarios()
        runner.local.ensure_running()  # whatever was on its way when the course last ended goes on
    run("127.0.0.1", port, StaticFilesHandler(get_wsgi_application()), threading=True)


def _end_with_parent() -> None:
    """Unbuffered, as a thread that waits in a buffered read disturbs the interpreter's own end."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
