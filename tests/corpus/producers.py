"""Acts of kinds that resemble one another, by producers that each write in their own manner.

Purpose: measure how a classifier, and its confidence, carry over to producers it never saw. Source: written for this project. Licence: that
of the project.
"""

import random
from dataclasses import dataclass

from tests.corpus.classes import NAMES, damage, fill

KINDS = ("decreto", "resolución", "acuerdo", "circular", "edicto", "licitación pública", "invitación privada")
SUBJECTS = (
    "el pago de los haberes del personal temporario",
    "la adquisición de un vehículo para el servicio de recolección",
    "la pavimentación de la calle principal del barrio norte",
    "el reconocimiento de interés cultural de la fiesta patronal",
    "la exención de tasas a los jubilados",
    "la designación de la responsable del hospital",
    "la compra de insumos de laboratorio y guantes",
    "la aceptación de la renuncia del agente {n}",
    "la ampliación de la red de agua en la zona rural",
    "el subsidio a la cooperadora de la escuela {k}",
    "la provisión de luminarias y columnas",
    "la modificación del presupuesto de gastos",
    "la licencia anual del director de obras",
    "la cesión de un lote fiscal a la parroquia",
    "el régimen de horarios de los comercios",
    "la declaración de huésped de honor del visitante",
    "la reparación de la motoniveladora y sus repuestos",
    "la concesión del balneario y su confitería",
)
GROUNDS = (
    "Que obra en el expediente {n} el informe de la contaduría.",
    "Que corresponde dictar el acto pertinente.",
    "Que la resolución {n} y el decreto {n} fijaron el procedimiento.",
    "Que el acuerdo {n} autoriza a proceder de ese modo.",
    "Que la oficina de compras elevó el pedido de cotización.",
    "Que existe crédito en la partida correspondiente.",
    "Que la circular {k} pidió a las áreas la información necesaria.",
    "Que se llamó a licitación y no hubo oferentes.",
    "Que el señor {p} presentó la nota del {f}.",
    "Que la comisión respectiva emitió despacho favorable.",
    "Que la asesoría letrada dictaminó a fojas {k} sin observaciones al proyecto de decreto, resolución o convenio que se acompaña.",
    "Que por nota {n} el área pidió el acto administrativo que autorice el gasto, y adjuntó tres presupuestos de firmas del ramo.",
    "Que es deber atender las necesidades de los vecinos, y que las erogaciones están previstas en el presupuesto vigente.",
    "Que la ordenanza {n} de {a}, promulgada por decreto {n}, faculta al ejecutivo a celebrar los actos que su objeto requiera.",
    "Que los pliegos de bases y condiciones fueron vistos por la contaduría y se publicó el aviso en un diario de la región.",
    "Que el tribunal de cuentas observó, en la rendición de {a}, que estos actos deben llevar número, fecha y refrendo.",
    "Que se dicta con arreglo a la ley orgánica y al reglamento de contabilidad, con acuerdo de los secretarios.",
    "Que el interesado fue notificado y no interpuso recurso en plazo, con lo que la circular {k} y el edicto quedaron firmes.",
)
ENDINGS = ("El gasto se imputará a la partida {n}.", "Los plazos corren desde el {f}.", "Remítase copia a la oficina de personal.")
AUTHORITIES = ("El intendente municipal", "La alcaldesa", "El presidente del concejo", "La secretaria general", "El jefe del distrito")


@dataclass(frozen=True)
class Act:
    """An act of a kind. `producer` made it in its own manner."""

    kind: str
    text: str
    producer: str


@dataclass(frozen=True)
class _Manner:
    """How a producer writes: how often it names the kind in the title, its formulas for each kind, the kinds it dresses as another."""

    titled: float
    spaced: bool
    head: str
    visto: str
    formulas: dict[str, tuple[str, ...]]
    dressed: dict[str, str]
    closing: str
    misread: float
    numbered: str
    grounds: int


def _manner(name: str, draw: random.Random) -> _Manner:
    authority = draw.choice(AUTHORITIES)
    orders, power = f"{authority} dispone lo siguiente:", "en uso de sus atribuciones,"
    tenders = ("Apertura de sobres el {f}.", "Pliegos sin cargo en la oficina de compras.")
    formulas = {
        "decreto": (f"POR ELLO {authority.upper()} DECRETA:", power, orders),
        "resolución": ("POR ELLO RESUELVE:", power, orders),
        "acuerdo": ("El cuerpo sanciona con fuerza de norma:", "LA CORPORACIÓN ACUERDA:", power),
        "circular": ("A todas las dependencias se hace saber:", "Se instruye a los jefes de área:", orders),
        "edicto": (
            "Por el presente se cita y emplaza:",
            "Se hace saber por tres días:",
            "Se notifica a quien corresponda:",
        ),
        "licitación pública": ("Llámase a oferentes.", "Valor del pliego {v}.", *tenders),
        "invitación privada": ("Se invita a cotizar.", "Presupuesto oficial {v}.", *tenders),
    }
    heads = (f"{name.upper()}, {{f}}", f"Municipio de {name}\nBoletín {{n}}", "", f"{name} - Honorable cuerpo\nExpediente {{n}}")
    return _Manner(
        titled=draw.choice((0.3, 0.6, 0.8, 0.95)),
        spaced=draw.random() < 0.3,
        head=draw.choice(heads),
        visto=draw.choice(("VISTO: {s};", "Visto y considerando {s}, y", "Y VISTO el expediente sobre {s}", "Referencia: {s}.")),
        formulas={kind: tuple(draw.sample(options, draw.choice((1, 2)))) for kind, options in formulas.items()},
        dressed={kind: draw.choice(KINDS) for kind in KINDS if draw.random() < 0.06},
        closing=draw.choice(("Comuníquese y archívese.", "Dese al registro oficial. Fdo. {p}", "Publíquese. {p}, secretario.", "{p}")),
        misread=draw.choice((0.0, 0.0, 0.01, 0.03)),
        numbered=draw.choice(("Artículo 1º.- ", "ARTÍCULO PRIMERO: ", "1) ", "Art. 1° ")),
        grounds=draw.choice((3, 6, 12, len(GROUNDS))),
    )


def make_acts(producers: int, each: int, seed: int) -> list[Act]:
    """`each` acts of `producers` producers, kinds and subjects drawn unevenly."""
    draw = random.Random(seed)
    found = []
    for number in range(producers):
        name = f"Villa {draw.choice(NAMES).split()[-1]} {number}"
        manner = _manner(name, draw)
        shares = [draw.expovariate(1) + 0.05 for _ in KINDS]
        subjects = draw.sample(SUBJECTS, 9)
        for _ in range(each):
            kind = draw.choices(KINDS, shares)[0]
            found.append(Act(kind, _act(kind, manner, subjects, draw), name))
    return found


def _act(kind: str, manner: _Manner, subjects: list[str], draw: random.Random) -> str:
    if draw.random() < 0.7:
        kind = manner.dressed.get(kind, kind)
    titled = draw.random() < manner.titled
    title = kind.upper() if titled else draw.choice(("", "NÚMERO", "ANEXO I", "TEXTO ORDENADO"))
    if manner.spaced and titled:
        title = " ".join(title)
    subject = draw.choice(subjects)
    body = [
        manner.head,
        f"{title} Nº {{n}}/{{a}}",
        manner.visto.replace("{s}", subject),
        *draw.sample(GROUNDS, draw.randint(1, manner.grounds)),
        draw.choice(manner.formulas[kind]),
        f"{manner.numbered}Apruébase {subject}, por la suma de {{v}}.",
        draw.choice(
            ("El gasto se imputará a la partida {n}.", "Los plazos corren desde el {f}.", "Remítase copia a la oficina de personal.")
        ),
        manner.closing,
    ]
    return damage(fill("\n".join(line for line in body if line), draw), manner.misread, draw)
