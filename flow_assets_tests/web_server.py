"""A real web server on a free port, that serves a folder and says what it was asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote


@dataclass
class WebServer:
    """What a server does and was asked.

    Attributes:
        asked: method and path of each request, in order.
        answers: path to the status it is answered with, whatever lies there.
        validators: which headers tell that a file has changed: `etag`, `time`, or none.
        head_status: what HEAD is answered with, if not what GET is.
        stalls: whether it stops in the middle of a file, until `resume` is set.
        tells_length: whether it says how long a file is.
    """

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    validators: str = "etag"
    tells_length: bool = True
    head_status: int = 0
    stalls: bool = False
    resume: threading.Event = field(default_factory=threading.Event)

    def fetched(self) -> list[str]:
        """The paths whose content was asked for since the last call."""
        paths = [line.removeprefix("GET ") for line in self.asked if line.startswith("GET ")]
        self.asked.clear()
        return sorted(paths)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, server_state: WebServer, **options: Any) -> None:
        self._state = server_state
        super().__init__(*args, directory=str(server_state.folder), **options)

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        content = self._answer()
        if content is not None and self._state.stalls:
            self.wfile.write(content[:3])
            self.wfile.flush()
            self._state.resume.wait(60)
        elif content is not None:
            self.wfile.write(content)

    def _answer(self) -> bytes | None:
        path = unquote(self.path)
        self._state.asked.append(f"{self.command} {path}")
        file = self._state.folder / path.lstrip("/")
        refused = self._state.head_status if self.command == "HEAD" else 0
        if status := refused or self._state.answers.get(path, 0 if file.is_file() else 404):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        content = file.read_bytes()
        self.send_response(200)
        if self._state.tells_length:
            self.send_header("Content-Length", str(len(content)))
        if self._state.validators == "etag":
            self.send_header("ETag", f'"{sha256(content).hexdigest()[:12]}"')
        if self._state.validators == "time":
            self.send_header("Last-Modified", self.date_time_string(int(file.stat().st_mtime)))
        self.end_headers()
        return content

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[WebServer]:
    """Serve `folder` until the block ends."""
    state = WebServer(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, server_state=state))
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.resume.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
