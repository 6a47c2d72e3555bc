"""A small typed client of the service: predictions, records, replays and scoring jobs, with retries that are safe.

Needs nothing but the standard library and pydantic. A call that was answered by nobody, by 429 or by a service that
cannot serve now is sent again, later and later; every prediction and every job carries an `Idempotency-Key`, so that
what was done is never done twice. Use one client in as many threads as you like: each has its own connection.
"""

import http.client
import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from service.domain.predictions import Explain, Predictions, Replay, StoredPrediction, Value

ANSWER_LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
                          HTTPStatus.GATEWAY_TIMEOUT})  # fmt: skip
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 30.0
BLOCK = 1 << 20

Answer = TypeVar("Answer", bound=BaseModel)


class Received(BaseModel):
    """A document of the service; what a later release adds is read over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class JobError(Received):
    """Why a job failed."""

    code: str
    detail: str


class JobState(Received):
    """Where a job is."""

    id: str
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    error: JobError | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in ("queued", "running")


class ScoringResult(Received):
    """What came out of a scoring job."""

    digest: str
    bytes: int
    rows: int
    refused: int


class ScoringJob(Received):
    """A scoring job."""

    job: JobState
    version: int
    result: ScoringResult | None


class ServiceUnreachable(Exception):
    """Nobody answered, or with nothing that the service would say; what was asked may have been done or not."""


class Refused(Exception):
    """The service said no; `code` is stable, `errors` name the fields at fault, the message is for people."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.request_id = str(problem.get("request_id", ""))
        self.errors = tuple((str(one.get("pointer")), str(one.get("detail"))) for one in problem.get("errors", ()))
        super().__init__(str(problem.get("detail", HTTPStatus(status).phrase)))


@dataclass(frozen=True)
class _Reply:
    status: int
    retry_after: str | None
    body: bytes


@dataclass
class Client:
    """One service and one key.

    `attempts` bounds how often a call is sent in all; `sleep` and `jitter` are there for tests.
    """

    url: str
    key: str = field(repr=False)
    timeout_seconds: float = 30.0
    attempts: int = 6
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self._place = urlsplit(self.url.rstrip("/"))
        if self._place.scheme not in ("http", "https") or not self._place.hostname:
            raise ValueError(f"'{self.url}' is no address of a service: write http://host:port or https://host")
        self._local = threading.local()

    def predict(
        self,
        model: str,
        rows: Sequence[Mapping[str, Value]],
        *,
        version: int | None = None,
        explain: Explain = "edges",
        reference: str | None = None,
        idempotency_key: str | None = None,
    ) -> Predictions:
        """Answers with explanations, recorded before they are sent; by the champion where no version is named.

        Raises: Refused, ServiceUnreachable.
        """
        place = f"/models/{quote(model, safe='')}"
        if version is not None:
            place += f"/versions/{version}"
        body = {"rows": [dict(row) for row in rows], "explain": explain, "reference": reference}
        reply = self._post(f"{place}/predictions", body, idempotency_key)
        return Predictions.model_validate_json(reply.body)

    def get_prediction(self, prediction_id: str) -> StoredPrediction:
        """A decision record. Raises: Refused, ServiceUnreachable."""
        return self._get(f"/predictions/{quote(prediction_id, safe='')}", StoredPrediction)

    def replay_prediction(self, prediction_id: str) -> Replay:
        """A decision record computed again. Raises: Refused, ServiceUnreachable."""
        reply = self._post(f"/predictions/{quote(prediction_id, safe='')}/replay", None, None)
        return Replay.model_validate_json(reply.body)

    def score(
        self,
        model: str,
        table: Path,
        *,
        version: int | None = None,
        explain: Explain = "features",
        idempotency_key: str | None = None,
    ) -> ScoringJob:
        """Queue the scoring of a CSV or Parquet file. Raises: Refused, ServiceUnreachable, OSError."""
        fields = {"explain": explain} | ({} if version is None else {"version": str(version)})
        headers = {"Idempotency-Key": idempotency_key or str(uuid4())}
        place = f"/models/{quote(model, safe='')}/scoring-jobs"
        reply = self._send("POST", place, headers, lambda: _Form.of(fields, table))
        return ScoringJob.model_validate_json(reply.body)

    def get_scoring_job(self, job_id: str) -> ScoringJob:
        """Where a scoring job is. Raises: Refused, ServiceUnreachable."""
        return self._get(f"/scoring-jobs/{quote(job_id, safe='')}", ScoringJob)

    def wait_for_scoring_job(self, job_id: str, *, every_seconds: float = 2.0) -> ScoringJob:
        """The job once it has ended, however that was. Raises: Refused, ServiceUnreachable."""
        while not (found := self.get_scoring_job(job_id)).job.has_ended:
            self.sleep(every_seconds)
        return found

    def fetch_scores(self, job_id: str, path: Path) -> None:
        """Write the result of a job to a new Parquet file. Raises: Refused, ServiceUnreachable, OSError."""
        with path.open("xb") as file:
            self._send("GET", f"/scoring-jobs/{quote(job_id, safe='')}/result", {}, None, file)

    def close(self) -> None:
        """Close the connection of this thread."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def _get(self, place: str, kind: type[Answer]) -> Answer:
        return kind.model_validate_json(self._send("GET", place, {}, None).body)

    def _post(self, place: str, body: object, idempotency_key: str | None) -> _Reply:
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key or str(uuid4())}
        content = b"" if body is None else json.dumps(body, allow_nan=False).encode()
        return self._send("POST", place, headers, lambda: content)

    def _send(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str],
        body: "Callable[[], bytes | _Form] | None",
        file: BinaryIO | None = None,
    ) -> _Reply:
        """Send until there is an answer that counts, or the attempts are used up."""
        for attempt in range(1, self.attempts + 1):
            is_last = attempt == self.attempts
            content = None if body is None else body()
            try:
                reply = self._exchange(method, place, headers, content, file)
            except (http.client.HTTPException, OSError) as error:
                self.close()
                if is_last:
                    raise ServiceUnreachable(f"{self._place.netloc} does not answer: {error}") from error
                self.sleep(self._wait(attempt, None))
                continue
            if reply.status < HTTPStatus.BAD_REQUEST:
                return reply
            if reply.status not in ANSWER_LATER or is_last:
                raise self._refusal(reply)
            self.sleep(self._wait(attempt, reply.retry_after))
        raise ServiceUnreachable("The client was made with less than one attempt.")

    def _exchange(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str],
        body: "bytes | _Form | None",
        file: BinaryIO | None,
    ) -> _Reply:
        connection = self._connection()
        sent = {"Authorization": f"Bearer {self.key}", "Accept": "*/*", **headers}
        if isinstance(body, _Form):
            sent |= {"Content-Type": body.content_type, "Content-Length": str(body.size)}
        content = body.parts if isinstance(body, _Form) else body
        connection.request(method, f"{self._place.path}/api/v1{place}", body=content, headers=sent)
        response = connection.getresponse()
        later = response.headers.get("Retry-After")
        if file is None or response.status >= HTTPStatus.BAD_REQUEST:
            return _Reply(response.status, later, response.read())
        file.seek(0)
        file.truncate()
        shutil.copyfileobj(response, file, BLOCK)
        return _Reply(response.status, later, b"")

    def _connection(self) -> http.client.HTTPConnection:
        found = getattr(self._local, "connection", None)
        if found is None:
            kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
            found = kind(self._place.hostname or "", self._place.port, timeout=self.timeout_seconds)
            self._local.connection = found
        connection: http.client.HTTPConnection = found
        return connection

    def _wait(self, attempt: int, retry_after: str | None) -> float:
        """Seconds to wait: what the service says, else twice as long each time, never all clients at once."""
        if retry_after is not None and retry_after.isdecimal():
            return min(float(retry_after), LONGEST_WAIT_SECONDS)
        longest = min(FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), LONGEST_WAIT_SECONDS)
        return longest * (0.5 + self.jitter() / 2)

    def _refusal(self, reply: _Reply) -> Exception:
        try:
            problem = json.loads(reply.body)
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            return ServiceUnreachable(f"{self._place.netloc} answered {reply.status}, and not as the service does.")
        return Refused(reply.status, problem)


@dataclass(frozen=True)
class _Form:
    """A multipart body with one file, which is read while it is sent."""

    content_type: str
    size: int
    parts: Iterator[bytes]

    @classmethod
    def of(cls, fields: Mapping[str, str], path: Path) -> "_Form":
        """The body of some fields and a file."""
        boundary = uuid4().hex
        lines = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="table"\r\n\r\n')
        head, tail = "".join(lines).encode(), f"\r\n--{boundary}--\r\n".encode()
        size = len(head) + path.stat().st_size + len(tail)
        return cls(f"multipart/form-data; boundary={boundary}", size, _parts(head, path, tail))


def _parts(head: bytes, path: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
    yield tail
