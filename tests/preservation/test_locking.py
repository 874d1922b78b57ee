"""A retention is counted from when an object is written, in days or in years of the calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from preservation.locking import Retention, locking
from preservation.stores.memory import MemoryStore
from preservation.stores.s3 import S3Store
from preservation.stores.s3_address import BadAddress, s3_address

NOW = datetime(2028, 2, 29, 12, 0, 0, 500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retention", "until"),
    [
        (Retention("GOVERNANCE", days=1), "2028-03-01T12:00:01Z"),
        (Retention("GOVERNANCE", days=366), "2029-03-01T12:00:01Z"),
        (Retention("COMPLIANCE", years=1), "2029-03-01T12:00:01Z"),
        (Retention("COMPLIANCE", years=4), "2032-03-01T12:00:01Z"),
        (Retention("COMPLIANCE", years=100), "2128-03-01T12:00:01Z"),
    ],
)
def test_a_retention_never_ends_earlier_than_asked(retention: Retention, until: str) -> None:
    assert retention.headers(NOW)["x-amz-object-lock-retain-until-date"] == until
    assert retention.headers(NOW)["x-amz-object-lock-mode"] == retention.mode
    bogota = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert retention.headers(bogota) == retention.headers(NOW)


def test_the_address_asks_for_a_retention() -> None:
    url = "s3+http://K:S@h/cubo?region=sa-east-1&retencion={}"
    assert s3_address(url.format("GOVERNANCE:90d")).retention == Retention("GOVERNANCE", days=90)
    assert s3_address(url.format("COMPLIANCE:10y")).retention == Retention("COMPLIANCE", years=10)
    assert s3_address("s3+http://K:S@h/cubo").retention is None
    for wrong in ("", "COMPLIANCE", "compliance:1y", "COMPLIANCE:0d", "COMPLIANCE:101y", "COMPLIANCE:36501d", "COMPLIANCE:1m", "OTRO:1d"):
        with pytest.raises(BadAddress, match="retencion=GOVERNANCE:90d"):
            s3_address(url.format(wrong))


def test_only_some_stores_may_lock() -> None:
    assert locking(MemoryStore()) is None
    store = S3Store(s3_address("s3+http://K:S@h/cubo?retencion=COMPLIANCE:1y"))
    assert locking(store) is store
    assert store.retention == Retention("COMPLIANCE", years=1)
