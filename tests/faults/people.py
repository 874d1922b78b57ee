"""Who hands documents over and who reads, while things fail; every answer they get is judged when it comes."""

import html
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

from archivo.web.error_pages import TITLES
from tests.faults.papers import Paper

DOCUMENTS: Final = "/api/v1/documents"
ENTRAILS: Final = re.compile(
    r"Traceback|File \"|sqlalchemy|psycopg|urllib3|elastic_transport|amqp\b|kombu|Error\b|Exception|127\.0\.0\.1:\d+|errno", re.IGNORECASE
)
"""What a person never reads: the words of the program, and where its servers are."""
PAGE: Final = re.compile(r'<h1>(.*?)</h1>\s*<p class="lead">(.*?)</p>\s*<p>(.*?)</p>', re.DOTALL)
"""What a page of an error says: its title, what happened, what to do."""
PATIENCE: Final = httpx.Timeout(200, connect=5)
TRIES: Final = 600.0
"""Seconds for which a document is sent again and again."""


@dataclass
class Told:
    """What people were told. `wrong` is what no person should have been."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    longest: dict[str, float] = field(default_factory=dict)
    """Of each kind of address, the seconds that an answer took at most."""
    wrong: list[str] = field(default_factory=list)

    def hear(self, response: httpx.Response) -> None:
        """Take in an answer: what was asked for, or a refusal in plain words with what to do."""
        status, kind = response.status_code, re.sub(r"[0-9a-f-]{36}", "…", response.request.url.path)
        self.statuses[status] += 1
        self.longest[kind] = max(self.longest.get(kind, 0.0), response.elapsed.total_seconds())
        if status < 400:
            return
        place = f"{response.request.method} {response.request.url.path}: {status}"
        if status not in (503, 507):
            self.wrong.append(f"{place}: {_text(response)[:400]}")
        elif not _is_plain(response):
            self.wrong.append(f"{place}: not in plain words: {response.text[:400]}")


def _is_plain(response: httpx.Response) -> bool:
    """Whether a refusal says, in sentences for a person, what happened and what to do."""
    if response.request.url.path.startswith("/api/"):
        told = response.json() if response.headers["content-type"] == "application/problem+json" else {}
        title, message, remedy = (str(told.get(name, "")) for name in ("title", "detail", "remedy"))
    else:
        found = PAGE.search(response.text)
        title, message, remedy = (html.unescape(group) for group in found.groups()) if found else ("", "", "")
    sentences = all(word.endswith(".") and " " in word for word in (message, remedy))
    return title == TITLES[response.status_code] and sentences and not ENTRAILS.search(f"{message} {remedy}")


def _text(response: httpx.Response) -> str:
    """The words of a page, without its marks."""
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", response.text, flags=re.DOTALL).split())


@dataclass
class Sender:
    """An entity that hands documents over by the API, and sends again, the same bytes, what got an error or no answer."""

    address: str
    token: str
    told: Told
    kept: dict[Paper, str] = field(default_factory=dict)
    """What was answered as received, by its identifier: from then on it may not be lost."""
    failed: threading.Event = field(default_factory=threading.Event)

    def send(self, paper: Paper, pause: float = 0.5) -> None:
        """Until it is said to be received."""
        ends = time.monotonic() + TRIES
        with httpx.Client(base_url=self.address, timeout=PATIENCE, headers={"authorization": f"Bearer {self.token}"}) as client:
            while paper not in self.kept:
                assert time.monotonic() < ends, f"{paper.filename} was never received"
                self._try(client, paper)
                if paper not in self.kept:
                    time.sleep(pause)

    def _try(self, client: httpx.Client, paper: Paper) -> None:
        given = {} if paper.number % 2 else {"idempotency-key": f"envio-{paper.number}"}
        try:
            answer = client.post(DOCUMENTS, files={"file": (paper.filename, paper.content)}, headers=given)
        except httpx.HTTPError:
            self.told.unanswered += 1
            return
        self.told.hear(answer)
        if answer.status_code in (200, 202):
            (one,) = answer.json()["documents"]
            self.kept[paper] = one["id"]

    @contextmanager
    def sending(self, papers: Iterable[Paper], threads: int = 2, every: float = 0.0) -> Iterator[threading.Event]:
        """Send papers from some threads, meanwhile and until they end; the event, once set, lets them take no more."""
        waiting, enough, lock = iter(papers), threading.Event(), threading.Lock()

        def work() -> None:
            while not enough.is_set():
                with lock:
                    paper = next(waiting, None)
                if paper is None:
                    return
                self.send(paper)
                enough.wait(every)

        def guarded() -> None:
            try:
                work()
            except BaseException:
                self.failed.set()
                raise

        hands = [threading.Thread(target=guarded) for _ in range(threads)]
        for hand in hands:
            hand.start()
        try:
            yield enough
        except BaseException:
            enough.set()
            raise
        finally:
            for hand in hands:
                hand.join()
        assert not self.failed.is_set()


@dataclass
class Reader:
    """An archivist who goes from page to page, and looks a document up by its word."""

    address: str
    token: str
    told: Told
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def sign_in(self, login: str, password: str) -> None:
        with self._client() as client:
            form = client.get("/ingresar").text
            ficha = re.search(r'name="ficha" value="([^"]+)"', form)
            assert ficha
            answer = client.post("/ingresar", data={"ficha": ficha[1], "usuario": login, "clave": password})
            assert answer.status_code == 303, _text(answer)
            self.cookies = client.cookies

    def visit(self, path: str) -> httpx.Response | None:
        """A page, or nothing when the web does not answer."""
        try:
            with self._client() as client:
                answer = client.get(path)
        except httpx.HTTPError:
            self.told.unanswered += 1
            return None
        self.told.hear(answer)
        return answer

    def search(self, word: str) -> list[str]:
        """The documents that a word finds."""
        answer = self.visit(f"/api/v1/search?q={word}")
        assert answer
        return [hit["id"] for hit in answer.json()["hits"]]

    @contextmanager
    def reading(self, sender: Sender, every: float = 0.3) -> Iterator[None]:
        """Go round the pages, meanwhile."""
        stop = threading.Event()

        def walk() -> None:
            turn = 0
            while not stop.wait(every):
                known = list(sender.kept.items())
                places = ["/", "/buscar?q=junta", "/trabajo", "/trabajos", "/documentos", "/recibir", "/api/v1/search?q=oficio"]
                if known:
                    paper, document = known[turn * 7 % len(known)]
                    pages = ("", "/descargar/original", "/avance")
                    places += [f"/documentos/{document}{page}" for page in pages] + [f"/buscar?q={paper.word}", f"/recibir/{document}"]
                self.visit(places[turn % len(places)])
                turn += 1

        walker = threading.Thread(target=walk)
        walker.start()
        try:
            yield
        finally:
            stop.set()
            walker.join()

    def _client(self) -> httpx.Client:
        bearer = {"authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.address, timeout=PATIENCE, cookies=self.cookies, headers=bearer)
