"""The register of formats as a page and as a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from archivo.access.door import Here, Staff
from archivo.custody import formats
from archivo.custody.formats import RISK_WORDS, FormatHolding, FormatRegister, Risk
from archivo.intake.migration_plan import Conversion, Known, could_be_migrated
from archivo.web.addresses import address, changer
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
    Column("Se puede migrar"),
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
    *("Conviene", "Fuente", "Fuente verificada", "Se puede migrar", "A qué"),
)
PREVIEW: Final = "/custodia/migraciones/prever"


@dataclass(frozen=True, slots=True)
class RiskTotal:
    """What is held at one risk: its words, its mark, documents and bytes; how many could be migrated, and where that is shown first."""

    words: str
    mark: str
    count: int
    size: int
    could: int
    address: str


@router.get("/custodia/formatos")
def register(request: Request, archive: Here, actor: Staff, orden: str = "") -> Response:
    """What is held of each format, how the policy takes it and why."""
    found, could = formats.register(archive, actor), could_be_migrated(archive, actor)
    order = read_order(orden, COLUMNS, "")
    return page(
        request,
        "custody/formatos.html",
        here="custodia",
        register=found,
        holdings=arranged(found.holdings, order),
        totals=[_total(word, risk, found, could) for word, risk in RISK_WORDS.items()],
        could=could,
        migrate=lambda one: address(PREVIEW, formato=one.puid, medio=one.mime),
        table=table(COLUMNS, order, changer("/custodia/formatos", {"orden": orden}), {"orden": orden}),
        risks={str(risk): words for risk, words in RISKS.items()},
        standings=STANDINGS,
    )


@router.get("/custodia/formatos.csv")
def register_sheet(archive: Here, actor: Staff) -> Response:
    """The same register as a sheet."""
    could = could_be_migrated(archive, actor)
    return sheet("formatos.csv", SHEET, (_cells(one, could) for one in formats.register(archive, actor).holdings))


def _total(word: str, risk: Risk, found: FormatRegister, could: Mapping[Known, Conversion]) -> RiskTotal:
    conversions = [could.get((one.puid, one.mime)) for one in found.holdings if one.risk == risk]
    return RiskTotal(*RISKS[risk], *found.of(risk), sum(one.count for one in conversions if one), address(PREVIEW, riesgo=word))


def _cells(one: FormatHolding, could: Mapping[Known, Conversion]) -> list[Cell]:
    conversion = could.get((one.puid, one.mime))
    what: list[Cell] = [one.name, one.puid or "", one.mime or "", one.count, one.size, one.unsure, one.migrated]
    why: list[Cell] = [STANDINGS[one.standing], RISKS[Risk(one.risk)][0], one.reason, one.target, one.source]
    migration: list[Cell] = [conversion.count if conversion else 0, conversion.target if conversion else ""]
    return [*what, *why, "sí" if one.verified else "no", *migration]
