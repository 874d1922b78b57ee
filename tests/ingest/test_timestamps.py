"""Time stamps are obtained from an authority and judged by themselves: whose, of what, when, and whether all that still holds."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ingest.tools.process import ToolBox, ToolFailed, ToolTimeout
from tests.ingest.signing import Authority
from tests.stamping import NAME, OTHER_POLICY, POLICY, Stamper, answering, moment, new_stamper

DATA = b"Hasta esta entrada, nada puede cambiarse sin que se note"
DIGEST = hashlib.sha256(DATA).hexdigest()
NOW = datetime.now(UTC)
Judge = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instant at which each test begins: an authority stamps with its own clock."""
    monkeypatch.setattr(f"{__name__}.NOW", datetime.now(UTC))


@pytest.fixture
def stamper(tmp_path: Path) -> Iterator[Stamper]:
    with answering(new_stamper(tmp_path / "tsa")) as started:
        yield started


@pytest.fixture
def judge(tools: ToolBox) -> Judge:
    """What is found of one stamp."""

    def judge(answer: bytes, roots: Path | None, *, data: bytes = DATA, since: datetime = NOW, now: datetime = NOW) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        one = {"answer": base64.b64encode(answer).decode(), "digest": digest, "since": since.isoformat(), "covers": 1, "stands_in": None}
        told = tools.call("timestamps", "judge", timeout=60, stamps=[one], roots=roots and str(roots), now=now.isoformat())
        (found,) = told["stamped"]
        assert isinstance(found, dict)
        return found

    return judge


def obtain(tools: ToolBox, stamper: Stamper, *, timeout: float = 60, **other: str) -> dict[str, Any]:
    asked = {"url": stamper.url, "credentials": "", "digest": DIGEST, "policy": "", "since": NOW.isoformat(), "now": NOW.isoformat()}
    told: dict[str, Any] = tools.call("timestamps", "obtain", timeout=timeout, **(asked | {"roots": str(stamper.roots)} | other))
    return told


def refused(tools: ToolBox, stamper: Stamper, **other: str) -> tuple[str, str]:
    with pytest.raises(ToolFailed) as told:
        obtain(tools, stamper, timeout=60, **other)
    return told.value.code, told.value.detail


def test_a_stamp_is_obtained_and_is_of_these_bytes_at_this_instant(tools: ToolBox, stamper: Stamper, judge: Judge) -> None:
    told = obtain(tools, stamper)
    stamped = told["stamped"]
    assert (stamped["state"], stamped["authority"], stamped["issuer"], stamped["policy"]) == ("valid", NAME, stamper.root.name, POLICY)
    assert abs(datetime.fromisoformat(stamped["at"]) - NOW) < timedelta(hours=1)
    assert int(stamped["serial"]) > 0
    assert judge(base64.b64decode(told["answer"]), stamper.roots) == stamped


def test_another_program_finds_the_stamp_good(tools: ToolBox, stamper: Stamper, tmp_path: Path) -> None:
    """`openssl ts -verify`, as who gets the anchor and its stamp would ask it."""
    import subprocess

    (tmp_path / "datos").write_bytes(DATA)
    (tmp_path / "datos.tsr").write_bytes(base64.b64decode(obtain(tools, stamper)["answer"]))
    command = ["openssl", "ts", "-verify", "-data", "datos", "-in", "datos.tsr", "-CAfile", str(stamper.roots / "raiz.crt")]
    assert b"Verification: OK" in subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout


def test_the_policy_asked_for_is_that_of_the_stamp(tools: ToolBox, stamper: Stamper) -> None:
    assert obtain(tools, stamper, policy=OTHER_POLICY)["stamped"]["policy"] == OTHER_POLICY
    assert refused(tools, stamper, policy="1.2.3")[0] == "refused"


def test_who_asks_says_who_it_is(tools: ToolBox, stamper: Stamper) -> None:
    obtain(tools, stamper, credentials="archivo:clave")
    assert stamper.authorizations == ["Basic " + base64.b64encode(b"archivo:clave").decode()]


def test_an_answer_to_another_request_is_refused(tools: ToolBox, stamper: Stamper) -> None:
    reply = {"Content-Type": "application/timestamp-reply"}
    stamper.answer = (200, reply, stamper.stamp(DATA))
    assert refused(tools, stamper)[0] == "nonce"
    stamper.answer = (200, reply, stamper.stamp(b"otros"))
    assert refused(tools, stamper)[0] == "other"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "redirected"),
        ((503, {}, b"no"), "status"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "type"),
        ((200, {"Content-Type": "application/timestamp-reply"}, b"x" * 70_000), "large"),
        ((200, {"Content-Type": "application/timestamp-reply"}, b"nada"), "unreadable"),
        ((200, {"Content-Type": "application/timestamp-reply", "Content-Length": "500"}, b"nada"), "silent"),
    ],
)
def test_what_is_no_answer_is_told(tools: ToolBox, stamper: Stamper, answer: tuple[int, dict[str, str], bytes], code: str) -> None:
    stamper.answer = answer
    assert refused(tools, stamper)[0] == code
    assert len(stamper.asked) == 1


def test_an_authority_that_is_away_or_never_ends_is_not_waited_for(tools: ToolBox, stamper: Stamper) -> None:
    assert refused(tools, stamper, url="http://127.0.0.1:1/")[0] == "silent"
    obtain(tools, stamper)  # the child is ready: what follows is not the time it takes to begin
    with answering(Dripping(stamper.folder)) as slow, pytest.raises(ToolTimeout):
        obtain(tools, stamper, timeout=2, url=slow.url)


class Dripping(Stamper):
    """It answers by a byte now and then, for a minute."""

    def reply(self, query: bytes) -> bytes:
        import time

        time.sleep(4)
        return b""


def test_a_stamp_that_was_altered_is_found(stamper: Stamper, judge: Judge) -> None:
    answer = stamper.stamp(DATA)
    place = answer.index(bytes.fromhex(DIGEST))
    changed = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
    assert judge(changed, stamper.roots)["state"] == "altered"
    good = judge(answer, stamper.roots)
    for byte in range(0, len(answer), 19):
        found = judge(answer[:byte] + bytes([answer[byte] ^ 0x41]) + answer[byte + 1 :], stamper.roots)
        assert found["state"] != "valid" or found == good, byte  # a few bytes of the envelope say nothing
    for cut in (b"", answer[:40], answer[:-1], answer + b"\0"):
        assert judge(cut, stamper.roots)["state"] == "unreadable"


def test_a_stamp_of_other_bytes_is_found(stamper: Stamper, judge: Judge) -> None:
    assert judge(stamper.stamp(DATA), stamper.roots, data=DATA + b".")["state"] == "other"


def test_a_stamp_that_nobody_trusted_made_is_found(stamper: Stamper, judge: Judge, tmp_path: Path) -> None:
    other = Authority("Otra entidad").trusted_in(tmp_path / "otras")
    assert judge(stamper.stamp(DATA), other)["state"] == "unknown_chain"
    assert judge(stamper.stamp(DATA), None)["state"] == "unknown_chain"


@pytest.mark.parametrize(
    "traits",
    [{"is_critical": False}, {"purposes": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)}],
)
def test_a_certificate_that_is_not_for_stamping_alone_is_found(tmp_path: Path, judge: Judge, traits: dict[str, Any]) -> None:
    good = new_stamper(tmp_path / "tsa")
    answer = good.stamp(DATA)
    assert judge(answer, good.roots)["state"] == "valid"
    assert judge(stamp_anyway(new_stamper(tmp_path / "otra", root=good.root, **traits), DATA), good.roots)["state"] == "not_authority"


def stamp_anyway(stamper: Stamper, data: bytes, at: datetime | None = None) -> bytes:
    """A stamp by a certificate with which openssl refuses to stamp, or that tells another instant: pyHanko's own authority is asked."""
    from asn1crypto import keys, pem, tsp
    from asn1crypto import x509 as asn1
    from pyhanko.sign.timestamps import DummyTimeStamper

    stamper.make()
    certificate = asn1.Certificate.load(pem.unarmor((stamper.folder / "tsa.crt").read_bytes())[2])
    key = keys.PrivateKeyInfo.load(pem.unarmor((stamper.folder / "tsa.key").read_bytes())[2])
    asked = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(data).digest()},
        "cert_req": True,
    }
    made: bytes = DummyTimeStamper(certificate, key, fixed_dt=at).request_tsa_response(tsp.TimeStampReq(asked)).dump()
    return made


def test_a_stamp_of_before_what_it_stamps_is_found(stamper: Stamper, judge: Judge) -> None:
    answer = stamper.stamp(DATA)
    assert judge(answer, stamper.roots, since=NOW + timedelta(days=1))["state"] == "early"
    assert judge(answer, stamper.roots, since=NOW + timedelta(seconds=30))["state"] == "valid"


def test_a_stamp_whose_certificate_ended_is_found_unless_a_later_one_proves_it(tools: ToolBox, tmp_path: Path, judge: Judge) -> None:
    root = Authority()
    short = new_stamper(tmp_path / "corta", root=root, until=NOW + timedelta(days=30))
    long = new_stamper(tmp_path / "larga", root=root)
    much_later = NOW + timedelta(days=400)
    early, late = short.stamp(DATA), long.stamp(b"lo siguiente")
    assert judge(early, short.roots)["state"] == "valid"
    assert judge(early, short.roots, now=much_later)["state"] == "expired"

    def stamp(answer: bytes, data: bytes, covers: int, stands_in: int | None) -> dict[str, Any]:
        told = base64.b64encode(answer).decode()
        digest = hashlib.sha256(data).hexdigest()
        return {"answer": told, "digest": digest, "since": NOW.isoformat(), "covers": covers, "stands_in": stands_in}

    for covers, state in ((12, "valid"), (11, "valid"), (10, "expired")):
        both = [stamp(late, b"lo siguiente", covers, covers + 1), stamp(early, DATA, 10, 11)]
        asked = {"stamps": both, "roots": str(short.roots), "now": much_later.isoformat()}
        told = tools.call("timestamps", "judge", timeout=60, **asked)
        assert [each["state"] for each in told["stamped"]] == ["valid", state], covers
        assert bool(told["stamped"][1]["proven_at"]) is (state == "valid")
        apart = tools.call("timestamps", "judge", timeout=60, **asked | {"stamps": both[:1]})
        then = tools.call("timestamps", "judge", timeout=60, **asked | {"stamps": both[1:], "covering": apart["covering"]})
        assert then["stamped"] == told["stamped"][1:]


def test_a_stamp_by_a_certificate_that_did_not_hold_then_is_found(tmp_path: Path, judge: Judge) -> None:
    ended = new_stamper(tmp_path / "vencida", until=moment(2021))
    assert judge(stamp_anyway(ended, DATA), ended.roots)["state"] == "not_then"
    begins = new_stamper(tmp_path / "futura", root=ended.root, since=moment(2090), until=moment(2091))
    assert judge(stamp_anyway(begins, DATA), ended.roots)["state"] == "not_then"
    assert judge(stamp_anyway(begins, DATA), ended.roots, now=moment(2090, 6))["state"] == "not_then"
    good = new_stamper(tmp_path / "buena", root=ended.root, until=moment(2040))
    for told in (moment(1950, 2), moment(2019), moment(2041)):
        assert judge(stamp_anyway(good, DATA, told), ended.roots)["state"] == "not_then"
    assert judge(stamp_anyway(good, DATA), ended.roots, since=moment(1))["state"] == "valid"


def test_a_stamp_of_an_instant_that_did_not_come_yet_is_found(tools: ToolBox, stamper: Stamper, judge: Judge) -> None:
    """As by a clock that is wrong, or to outlive what proves it: it would be judged by the instant that it tells."""
    answer = stamper.stamp(DATA)
    then = datetime.fromisoformat(judge(answer, stamper.roots)["at"])
    assert judge(answer, stamper.roots, now=then - timedelta(minutes=4))["state"] == "valid"
    ahead = then - timedelta(minutes=6)
    assert judge(answer, stamper.roots, since=ahead, now=ahead)["state"] == "future"
    for told in (NOW + timedelta(days=10), moment(2049)):
        assert judge(stamp_anyway(stamper, DATA, told), stamper.roots)["state"] == "future"
    assert refused(tools, stamper, now=(NOW - timedelta(days=1)).isoformat(), since=(NOW - timedelta(days=2)).isoformat())[0] == "future"


def test_what_proves_nothing_of_others_is_judged_alike(tools: ToolBox, tmp_path: Path) -> None:
    root = Authority()
    short = new_stamper(tmp_path / "corta", root=root, until=NOW + timedelta(days=30))
    long = new_stamper(tmp_path / "larga", root=root)
    stamps = [
        {
            "answer": base64.b64encode(answer).decode(),
            "digest": DIGEST,
            "since": NOW.isoformat(),
            "covers": covers,
            "stands_in": stands_in,
        }
        for answer, covers, stands_in in ((long.stamp(DATA), None, 13), (short.stamp(DATA), 10, 11))
    ]
    much_later = (NOW + timedelta(days=400)).isoformat()
    told = tools.call("timestamps", "judge", timeout=60, stamps=stamps, roots=str(short.roots), now=much_later)
    assert ([each["state"] for each in told["stamped"]], told["covering"]) == (["valid", "expired"], None)
