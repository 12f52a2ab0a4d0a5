"""When a signal that ends a run is heard: at once by DuckDB, which else finishes its query first; late by a batch.

DuckDB's own check raises at once, but then waits for the tasks its threads are at. Dagster exchanges the signal
handlers each time a step yields, so this listens where no handler can get in the way: on Python's wakeup descriptor.
"""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

_ENDING = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt whatever `connection` is at when this process is told to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = socket.socketpair()
    told.setblocking(False)
    thread = threading.Thread(target=_listen, args=(heard, connection), name="interrupts", daemon=True)
    thread.start()
    previous = signal.set_wakeup_fd(told.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        told.close()
        thread.join()
        heard.close()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off a signal that ends this process until what is inside is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: heard.append(number)) for number in _ENDING}
    try:
        yield
    finally:
        for ending, handler in handlers.items():
            signal.signal(ending, handler)
        if heard:
            signal.raise_signal(heard[0])


def _listen(heard: socket.socket, connection: duckdb.DuckDBPyConnection) -> None:
    while numbers := heard.recv(64):
        if _ENDING.intersection(numbers):
            connection.interrupt()
