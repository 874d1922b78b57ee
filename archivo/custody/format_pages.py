"""The register of formats as a page and as a sheet."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from archivo.access.door import Here, Staff
from archivo.custody import formats
from archivo.custody.formats import FormatHolding, Risk
from archivo.web.addresses import changer
from archivo.web.layout import page
from archivo.web.sheets import Cell, sheet
from archivo.web.tables import Column, arranged, read_order, table

router = APIRouter(include_in_schema=False)

RISKS: Final = {Risk.HIGH: ("alto", "bad"), Risk.UNKNOWN: ("sin evaluar", "wait"), Risk.MEDIUM: ("medio", "wait"), Risk.LOW: ("bajo", "ok")}
STANDINGS: Final = {
    "preferred": "preferido",
    "accepted": "se acepta",
    "to_migrate": "conviene migrarlo",
    "refused": "no se admite en transferencias",
    "unknown": "la política no dice nada",
}
COLUMNS: Final = (
    Column("Formato", "formato", "name"),
    Column("Riesgo"),
    Column("Según la política", "politica", "standing"),
    Column("Documentos", "documentos", "count", "number"),
    Column("Tamaño", "tamano", "size", "number"),
    Column("Por qué"),
)
SHEET: Final = (
    *(
        "Formato",
        "PRONOM",
        "Tipo de medio",
        "Documentos",
        "Bytes",
        "Sin firma de PRONOM",
        "Con copia de preservación",
        "Según la política",
        "Riesgo",
        "Razón",
    ),
    *("Conviene", "Fuente", "Fuente verificada"),
)


@dataclass(frozen=True, slots=True)
class RiskTotal:
    """What is held at one risk: its words, its mark, documents and bytes."""

    words: str
    mark: str
    count: int
    size: int


@router.get("/custodia/formatos")
def register(request: Request, archive: Here, actor: Staff, orden: str = "") -> Response:
    """What is held of each format, how the policy takes it and why."""
    found = formats.register(archive, actor)
    order = read_order(orden, COLUMNS, "")
    return page(
        request,
        "custody/formatos.html",
        here="custodia",
        register=found,
        holdings=arranged(found.holdings, order),
        totals=[RiskTotal(*RISKS[risk], *found.of(risk)) for risk in RISKS],
        table=table(COLUMNS, order, changer("/custodia/formatos", {"orden": orden}), {"orden": orden}),
        risks={str(risk): words for risk, words in RISKS.items()},
        standings=STANDINGS,
    )


@router.get("/custodia/formatos.csv")
def register_sheet(archive: Here, actor: Staff) -> Response:
    """The same register as a sheet."""
    return sheet("formatos.csv", SHEET, map(_cells, formats.register(archive, actor).holdings))


def _cells(one: FormatHolding) -> list[Cell]:
    what: list[Cell] = [one.name, one.puid or "", one.mime or "", one.count, one.size, one.unsure, one.migrated]
    why: list[Cell] = [STANDINGS[one.standing], RISKS[Risk(one.risk)][0], one.reason, one.target, one.source]
    return [*what, *why, "sí" if one.verified else "no"]
