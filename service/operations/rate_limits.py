"""Limits of keys: requests a minute in each process, rows a day over all processes together."""

from datetime import UTC

from service.domain.permissions import Actor
from service.domain.rate_limits import block_of, seconds_to_midnight
from service.errors import QuotaSpent, RateLimited
from service.operations.resources import Resources
from service.storage import users


def spend_request(resources: Resources, actor: Actor) -> None:
    """Count a request of a key. Raises: RateLimited."""
    limit = actor.requests_per_minute or resources.settings.key_requests_per_minute
    if actor.api_key_id is None or limit is None:
        return
    seconds = resources.buckets.spend(actor.api_key_id, limit, resources.clock())
    if seconds is not None:
        resources.meters.refused.add("requests_per_minute")
        raise RateLimited(limit, seconds)


def spend_rows(resources: Resources, actor: Actor, rows: int) -> None:
    """Count rows that a key has predicted; those of calls that are refused afterwards count too. Raises: QuotaSpent."""
    limit = actor.rows_per_day or resources.settings.key_rows_per_day
    if actor.api_key_id is None or limit is None:
        return
    moment = resources.clock()
    day = moment.astimezone(UTC).date()
    lease = resources.leases.of(actor.api_key_id)
    with lease.lock:
        if lease.day != day:
            lease.day, lease.rows = day, 0
        lacking = rows - lease.rows
        if lacking > 0:
            with resources.database.write() as session:
                usage = users.get_key_usage(session, actor.api_key_id, day)
                available = limit - usage.rows
                if available >= lacking:
                    block = block_of(lacking, limit, available)
                    usage.rows += block
            if available < lacking:
                resources.meters.refused.add("rows_per_day")
                raise QuotaSpent(limit, rows, seconds_to_midnight(moment))
            lease.rows += block
        lease.rows -= rows
