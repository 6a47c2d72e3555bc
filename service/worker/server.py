"""What the server of a worker's children imports before the first of them."""

from service.imports import imported

imported("service.worker.child")
