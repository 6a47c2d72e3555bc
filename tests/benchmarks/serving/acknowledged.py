"""Callers that remember what they were told, until the service dies under them."""

import hashlib
import json
import secrets
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tests.benchmarks.serving.load import Connection, request_bytes


class Callers:
    """Threads that ask for predictions, every second time with an idempotency key, and keep each acknowledged record.

    `records` holds the digest of a record's text by its id; `acknowledged` is set with the first of them.
    """

    def __init__(self, plan: Mapping[str, Any], count: int) -> None:
        self.records: dict[str, str] = {}
        self.acknowledged = threading.Event()
        self.unexpected: list[int] = []
        self._plan = plan
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all have lost their connection."""
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._plan["port"])) as opened:
            connection, with_key = Connection(opened), False
            while True:
                with_key = not with_key
                headers = {"idempotency-key": secrets.token_hex(8)} if with_key else {}
                plan = {**self._plan, "headers": {**self._plan["headers"], **headers}}
                connection.send(request_bytes(plan))
                while not connection.receive():
                    pass
                self._remember(connection)

    def _remember(self, connection: Connection) -> None:
        if connection.status != 200:
            self.unexpected.append(connection.status)
            return
        body = bytes(connection.answer[connection.answer.index(b"\r\n\r\n") + 4 :])
        text = body[body.index(b'"predictions":[') + len(b'"predictions":[') : body.rindex(b'],"trial"')]
        self.records[json.loads(text)["id"]] = "sha256:" + hashlib.sha256(text).hexdigest()
        self.acknowledged.set()
