"""A cheap client: many connections that each send their next request when the last one is answered.

`python -m tests.benchmarks.serving.load` reads a plan as JSON from its input and writes what it saw to its output. It
has one thread and no library, so that the service and not the client is what is measured.
"""

import json
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
BUFFER_BYTES = 2**16


@dataclass
class Connection:
    """One connection, the moment of its last request, and what of the answer has arrived."""

    socket: socket.socket
    sent_at: float = 0.0
    answer: bytearray = field(default_factory=bytearray)
    wanted: int = 0
    buffer: bytearray = field(default_factory=lambda: bytearray(BUFFER_BYTES))

    def send(self, request: bytes) -> None:
        """Ask once more."""
        self.answer.clear()
        self.wanted = 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what is there; whether the answer is complete. Raises ConnectionError where the other side left."""
        count = self.socket.recv_into(self.buffer)
        if not count:
            raise ConnectionError("the service closed the connection")
        self.answer += memoryview(self.buffer)[:count]
        if not self.wanted:
            end = self.answer.find(HEAD_END)
            if end < 0:
                return False
            self.wanted = end + len(HEAD_END) + _length(bytes(self.answer[:end]).lower())
        return len(self.answer) >= self.wanted

    @property
    def status(self) -> int:
        """The status of the complete answer."""
        return int(self.answer[9:12])


def _length(head: bytes) -> int:
    start = head.index(LENGTH) + len(LENGTH)
    return int(head[start:].partition(b"\r\n")[0])


def request_bytes(plan: dict[str, Any]) -> bytes:
    """The request of a plan (path, headers, body) as it goes over the wire."""
    body = json.dumps(plan["body"]).encode()
    lines = [f"POST {plan['path']} HTTP/1.1", f"host: 127.0.0.1:{plan['port']}", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in plan["headers"].items()]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Load one path for so many seconds after a warm-up: throughput, latencies in ms, statuses."""
    request = request_bytes(plan)
    poll = select.epoll()
    connections: dict[int, Connection] = {}
    for _ in range(plan["connections"]):
        opened = socket.create_connection(("127.0.0.1", plan["port"]))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections[opened.fileno()] = Connection(opened)
        poll.register(opened, select.EPOLLIN)
    for one in connections.values():
        one.send(request)
    begin = time.perf_counter() + plan["warm_up"]
    end = begin + plan["seconds"]
    latencies, statuses = [], Counter[int]()
    now = time.perf_counter()
    while now < end:
        for number, _ in poll.poll(1):
            one = connections[number]
            if not one.receive():
                continue
            now = time.perf_counter()
            if now >= begin:
                latencies.append(now - one.sent_at)
                statuses[one.status] += 1
            one.send(request)
        now = time.perf_counter()
    for one in connections.values():
        one.socket.close()
    return {"requests": len(latencies), "seconds": plan["seconds"], "statuses": dict(statuses), **_figures(latencies)}


def _figures(latencies: list[float]) -> dict[str, float]:
    ordered = sorted(latencies) or [float("inf")]
    shares = {"p50": 0.5, "p99": 0.99}
    return {name: ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000 for name, share in shares.items()}


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
