"""A server that speaks S3 on loopback, with a bucket for each test."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from moto.server import ThreadedMotoServer

PREFIX = "bank/models"


class S3Server:
    """The server and what a client needs to reach it."""

    def __init__(self, server: ThreadedMotoServer) -> None:
        self._server = server
        host, port = server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"

    def new_bucket(self, name: str) -> str:
        """Make a bucket; what the settings call it."""
        httpx2.put(f"{self.endpoint}/{name}").raise_for_status()
        return f"s3://{name}/{PREFIX}"

    def stop(self) -> None:
        """No longer answer."""
        self._server.stop()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server, and keys that it takes in the environment, where a provider's own tools look for them."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "edgewise")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
        patch.setenv("AWS_REGION", "eu-central-1")
        try:
            yield S3Server(running)
        finally:
            running.stop()
