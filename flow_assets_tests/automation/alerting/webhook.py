"""A web server on this machine that takes what is posted to it, or answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What arrived, and how it is answered.

    Attributes:
        statuses: of the next answers, in their order; 200 afterwards.
        open: while it is not set, no answer is given.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"{}"
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.requests]

    def wait_for(self, number: int = 1) -> None:
        """Wait until so many more have arrived."""
        for _ in range(number):
            assert self.arrived.acquire(timeout=30), "nothing arrived in 30 seconds"


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A server that takes everything, until the block ends."""
    hook = Webhook()
    hook.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_json = self.headers["Content-Type"].startswith("application/json")
            hook.requests.append((self.path, dict(self.headers), json.loads(body) if is_json else body))
            hook.arrived.release()
            hook.open.wait(30)
            self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
            for name, value in {"Content-Length": str(len(hook.answer)), **hook.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(hook.answer)

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # the sender may have given up, as some tests want
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = False

    with Server(("127.0.0.1", 0), Handler) as server:
        hook.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hook
        finally:
            hook.open.set()
            server.shutdown()
            thread.join()
