"""A stand-in for the learning app: a page of another origin that shows a unit in a frame, as high as its content."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# What the learning app does with the messages of the platform's page, and the permissions it gives the frame.
PAGE = """<!doctype html><html lang="en"><title>Learning</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin:0"><header style="height:180px;background:#eee">The app's own header</header><main>
<iframe id="unit" title="Unit" src="{src}" allow="clipboard-write *; autoplay *; fullscreen *" allowfullscreen
  scrolling="no" referrerpolicy="origin" style="width:100%;border:0;height:400px"></iframe></main>
<footer style="height:120px;background:#eee">Next</footer>
<script>
  addEventListener("message", (event) => {{
    if (event.data && event.data.type === "plugin.resize" && event.data.payload.height) {{
      document.getElementById("unit").style.height = event.data.payload.height + "px";
      window.resizes = (window.resizes || 0) + 1;
    }}
  }});
</script></body></html>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        src = parse_qs(urlsplit(self.path).query).get("unit", [""])[0].replace('"', "")
        body = PAGE.format(src=src).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@contextmanager
def serving(port: int):
    """The app's address while it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{port}"
    finally:
        server.shutdown()
        server.server_close()
