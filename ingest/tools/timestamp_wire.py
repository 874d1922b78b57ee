"""Ask an authority for a time stamp over HTTP (RFC 3161, 3.4). Its answer is a stranger's: bounded, and from nowhere but its address."""

from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

LARGEST: Final = 64 << 10
"""Bytes of an answer: one with all its certificates takes about 8 KiB."""
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=15.0)
_REPLY: Final = "application/timestamp-reply"


class NotObtained(Exception):
    """There is no stamp. `code`: `silent`, `redirected`, `status`, `type`, `large`, `refused`, `nonce`, `policy`, or the state of one that
    is not valid (timestamps.State); the text is what the authority said of it.
    """

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(said)
        self.code = str(code)


def ask(url: str, credentials: str, query: bytes) -> bytes:
    """The answer to a request. Follows no redirection. Raises NotObtained."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": _REPLY, "User-Agent": "Archivo"}
    if credentials:
        headers |= urllib3.make_headers(basic_auth=credentials)
    with urllib3.PoolManager(retries=False, timeout=_TIMEOUT, cert_reqs="CERT_REQUIRED") as http:
        try:
            answer = http.request("POST", url, body=query, headers=headers, redirect=False, preload_content=False)
            with answer:
                if 300 <= answer.status < 400:
                    raise NotObtained("redirected")
                if answer.status != 200:
                    raise NotObtained("status", str(answer.status))
                if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _REPLY:
                    raise NotObtained("type")
                data = b""
                while len(data) <= LARGEST and (more := answer.read(LARGEST + 1 - len(data), decode_content=False)):
                    data += more
        except HTTPError as fault:
            raise NotObtained("silent", type(fault).__name__) from fault
    if len(data) > LARGEST:
        raise NotObtained("large")
    return data
