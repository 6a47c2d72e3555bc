"""A mix of what callers ask: explained predictions of every kind, one row and many, repeated calls, and look-ups."""

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

#: How to explain, rows, and whether a key says that it must not happen twice; look-ups are every fifth call. Shapley
#: values of 30 features cost a hundred times what edges cost, so few ask for them.
KINDS = (
    *(("edges", 1, False), ("edges", 1, True)) * 10,
    ("edges", 5, True),
    ("none", 20, False),
    ("features", 1, False),
)
LOOK_UP = 0.2
IDLE_S = 2.0


class Mixed:
    """Threads that call a service; with a rate so many times a second together, else as often as they can."""

    def __init__(self, plan: Mapping[str, Any], count: int, rate: float | None = None) -> None:
        self.statuses: Counter[int] = Counter()
        self._plan, self._rate = plan, rate
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._next = time.perf_counter()
        self._threads = [threading.Thread(target=self._call, args=(seed,), daemon=True) for seed in range(count)]

    def run(self, seconds: float) -> float:
        """Call so long; the answers a second."""
        before, started = self.statuses.total(), time.perf_counter()
        for thread in self._threads:
            thread.start()
        self._stopping.wait(seconds)
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return (self.statuses.total() - before) / (time.perf_counter() - started)

    def _call(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a mix, not secrets
        connection = http.client.HTTPConnection("127.0.0.1", self._plan["port"], timeout=60)
        known = ""
        while not self._stopping.is_set():
            if self._wait() > IDLE_S:
                connection.close()  # before the service does; the next request opens it again
            if known and chance.random() < LOOK_UP:
                connection.request("GET", f"/api/v1/predictions/{known}", headers=self._plan["headers"])
                self._read(connection)
                continue
            explain, rows, with_key = chance.choice(KINDS)
            headers = {**self._plan["headers"], "content-type": "application/json"}
            headers |= {"idempotency-key": secrets.token_hex(8)} if with_key else {}
            body = json.dumps({"rows": self._plan["body"]["rows"] * rows, "explain": explain})
            connection.request("POST", self._plan["path"], body, headers)
            answer = self._read(connection)
            known = answer["predictions"][0]["id"] if "predictions" in answer else known
        connection.close()

    def _read(self, connection: http.client.HTTPConnection) -> Any:
        answer = connection.getresponse()
        content = answer.read()
        with self._lock:
            self.statuses[answer.status] += 1
        return json.loads(content)

    def _wait(self) -> float:
        """Wait for the turn that the rate gives; how long."""
        if self._rate is None:
            return 0.0
        with self._lock:
            now = time.perf_counter()
            self._next = max(self._next + 1 / self._rate, now - 1)  # what was missed is not made up for
            turn = self._next
        self._stopping.wait(max(turn - now, 0))
        return turn - now
