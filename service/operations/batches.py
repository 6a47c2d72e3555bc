"""Work of many callers that is done together: computed in batches, stored in groups, one commit for all that wait.

Nobody waits for a batch to fill: the next one holds whatever has come in while the last one was computed and stored,
so batches are small when little is asked, and large when much is. The queue is bounded; what finds it full is refused
at once.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Self

from service.domain.traces import NoTracer, Tracer
from service.errors import ServiceBusy, ServiceStopping, Unavailable

#: Rows that are computed together and stored in one transaction: more gain little, and the first wait for the last.
BATCH_ROWS = 256


class BatchedWork(ABC):
    """What one caller waits for; `done` has its result once that is committed, or its own failure."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.done: Future[Any] = Future()
        self.waiter: asyncio.Future[bool] | None = None

    @property
    @abstractmethod
    def exclusive(self) -> object | None:
        """No two works with the same value are stored in one transaction; None goes with all."""

    @classmethod
    @abstractmethod
    def compute(cls, works: Sequence[Self]) -> Sequence[Self]:
        """Compute all, and return those that can be stored; whoever fails alone is told so by its `done`."""

    @classmethod
    @abstractmethod
    def store(cls, works: Sequence[Self]) -> Sequence[Self]:
        """Store all in one transaction, then set their `done`; returns those that must be computed anew."""


class Batches:
    """One thread, started with the first work, that computes and stores.

    A second one that stored meanwhile would take the interpreter from the first, and make batches small.
    """

    def __init__(self, most_rows: int, tracer: Tracer | None = None, batch_rows: int = BATCH_ROWS) -> None:
        """`most_rows` may be in work, `batch_rows` together; a larger call is a batch of its own."""
        self._most_rows, self._batch_rows = most_rows, batch_rows
        self._tracer = tracer or NoTracer()
        self._changed = threading.Condition()
        self._waiting: deque[BatchedWork] = deque()
        self._rows = 0
        self._is_open = True
        self._thread: threading.Thread | None = None

    @property
    def waiting_rows(self) -> int:
        """How many rows are in work."""
        return self._rows

    def put(self, work: BatchedWork) -> None:
        """Take a work on. Raises: ServiceBusy when too much waits, ServiceStopping when the process ends."""
        with self._changed:
            if not self._is_open:
                raise ServiceStopping
            if self._rows and self._rows + work.rows > self._most_rows:
                raise ServiceBusy
            self._rows += work.rows
            self._waiting.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    async def finished(self, work: BatchedWork, seconds: float) -> bool:
        """Take a work on and wait for it, at most so long; whether it is done. Raises: as put."""
        loop = asyncio.get_running_loop()
        work.waiter = loop.create_future()
        self.put(work)
        alarm = loop.call_later(seconds, _tell, [work.waiter], False)
        try:
            return await work.waiter
        except asyncio.CancelledError:
            work.done.cancel()
            raise
        finally:
            alarm.cancel()

    def close(self) -> None:
        """Take nothing more on, finish what waits, and end the thread."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while batch := self._next():
            counts = {"edgewise.calls": len(batch), "edgewise.rows": sum(work.rows for work in batch)}
            with self._tracer.span("prediction batch", counts):
                self._work(batch)

    def _work(self, batch: Sequence[BatchedWork]) -> None:
        with self._tracer.span("compute", {}):
            computed = _guarded(batch, type(batch[0]).compute)
        # whoever has given up by now is not stored; from here on nobody can
        live = [work for work in computed if work.done.running() or work.done.set_running_or_notify_cancel()]
        again = _guarded(live, type(batch[0]).store) if live else []
        self._finish([work for work in batch if work not in again], again)

    def _next(self) -> list[BatchedWork]:
        """The first works that wait, once there are any; nothing at the end of all work."""
        with self._changed:
            while not self._waiting and self._is_open:
                self._changed.wait()
            taken: list[BatchedWork] = []
            rows, seen = 0, set()
            while self._waiting and (not taken or rows + self._waiting[0].rows <= self._batch_rows):
                key = self._waiting[0].exclusive
                if key is not None and key in seen:
                    break
                seen.add(key)
                rows += self._waiting[0].rows
                taken.append(self._waiting.popleft())
            return taken

    def _finish(self, done: Sequence[BatchedWork], again: Sequence[BatchedWork]) -> None:
        with self._changed:
            self._rows -= sum(work.rows for work in done)
            self._waiting.extendleft(reversed(again))
        waiters: dict[asyncio.AbstractEventLoop, list[asyncio.Future[bool]]] = {}
        for work in done:
            if work.waiter is not None:
                waiters.setdefault(work.waiter.get_loop(), []).append(work.waiter)
        for loop, members in waiters.items():  # one call each: waking a loop takes as long as a small answer
            if not loop.is_closed():
                loop.call_soon_threadsafe(_tell, members, True)


def _tell(waiters: Sequence[asyncio.Future[bool]], is_done: bool) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(is_done)


def _guarded(
    works: Sequence[BatchedWork], do: Callable[[Sequence[Any]], Sequence[BatchedWork]]
) -> Sequence[BatchedWork]:
    """Do something with works together, or, where that fails, one by one; the failure of one is its answer."""
    try:
        return do(works)
    except Exception as error:  # noqa: BLE001 - handed to whoever waits
        if len(works) > 1 and not isinstance(error, Unavailable):
            return [one for work in works if not work.done.done() for one in _guarded([work], do)]
        for work in works:
            if not work.done.done():
                work.done.set_exception(error)
        return []
