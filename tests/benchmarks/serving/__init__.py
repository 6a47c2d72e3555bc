"""The real service under load, beside an endpoint that does nothing, in one process."""
