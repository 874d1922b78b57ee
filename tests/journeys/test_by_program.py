"""What another system hands over by its program is found, read, cited and fetched as anybody's."""

import json

import httpx

from tests.journeys.conftest import CORPUS, ON_BOTH, Site
from tests.processes import until

pytestmark = ON_BOTH
LETTER = "11-peticion-ruido-2024.eml"


def caller(site: Site, role: str) -> httpx.Client:
    """Who calls the API with a token of somebody new of a role."""
    site.run("user", "create", f"programa-{role}", "--role", role)
    token = json.loads(site.run("token", "create", "--user", f"programa-{role}", "--json"))["token"]
    return httpx.Client(base_url=f"{site.address}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=60)


def found(client: httpx.Client, words: str) -> list[str]:
    return [hit["id"] for hit in client.get("/search", params={"q": words}).raise_for_status().json()["hits"]]


def test_what_a_program_hands_over_is_found_once_published(site: Site) -> None:
    content = (CORPUS / LETTER).read_bytes()
    anybody = httpx.Client(base_url=f"{site.address}/api/v1", timeout=60)
    with caller(site, "entity") as entity, caller(site, "archivist") as archivist, anybody:
        said, sent = {"metadata": json.dumps({"title": "Petición por ruido"})}, {"file": (LETTER, content)}
        answers = [entity.post("/documents", data=said, files=sent, headers={"idempotency-key": "entrega-1"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        (one,) = answers[0].json()["documents"]
        until(lambda: archivist.get(f"/documents/{one['id']}").json()["state"] == "findable")
        assert archivist.get(f"/documents/{one['id']}").json()["title"] == "Petición por ruido"
        assert (found(archivist, "petición ruido"), found(anybody, "petición ruido")) == ([one["id"]], [])
        assert entity.post(f"/documents/{one['id']}/publication").status_code == 403
        assert archivist.post(f"/documents/{one['id']}/publication").status_code == 204
        until(lambda: found(anybody, "petición ruido") == [one["id"]])
        page = httpx.get(f"{site.address}/documentos/{one['id']}")
        assert f"/documentos/{one['id']}</span>" in page.text.partition('id="citar"')[2]
        fetched = httpx.get(f"{site.address}/documentos/{one['id']}/descargar/original")
        assert (fetched.status_code, fetched.content) == (200, content)
