"""Take back the parts of large objects that dead processes left behind."""

from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from minio.datatypes import ListMultipartUploadsResult

from preservation.store import StoreError
from preservation.stores.s3_wire import Wire

STALE: Final = timedelta(days=1)


def clear_uploads(wire: Wire, stale: timedelta = STALE) -> int:
    """Abort the uploads begun longer ago than `stale`, by the server's own clock; how many it was.

    Living writers are not disturbed, for no object takes a day. A server that lists uploads by exact key alone (MinIO) tells of none;
    it clears its own after a day.
    """
    count, after = 0, {"key-marker": "", "upload-id-marker": ""}
    while True:
        query = {"uploads": "", "prefix": wire.address.prefix, "max-uploads": "1000", "encoding-type": "url"}
        answer = wire.ask("GET", query=query | {name: mark for name, mark in after.items() if mark})
        if not answer.is_granted:
            return count
        page = ListMultipartUploadsResult(answer.as_response())
        now = _date(answer.headers.get("date", ""))
        for upload in page.uploads:
            if now is not None and upload.initiated_time is not None and now - upload.initiated_time > stale:
                with suppress(StoreError):
                    count += wire.ask("DELETE", upload.object_name, {"uploadId": upload.upload_id or ""}).is_granted
        if not page.is_truncated or not page.uploads:
            return count
        after = {"key-marker": page.uploads[-1].object_name, "upload-id-marker": page.uploads[-1].upload_id or ""}


def _date(text: str) -> datetime | None:
    with suppress(ValueError):
        return parsedate_to_datetime(text)
    return None
