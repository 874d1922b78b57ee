"""The words of the invented pages: sentences with slots, and the facts that fill them. Nobody and nothing named here exists."""

import random
from typing import Final

_GIVEN: Final = (
    "Aurelio",
    "Begoña",
    "Concepción",
    "Eufemia",
    "Fermín",
    "Íngrid",
    "Jesús",
    "Leonor",
    "Ramón",
    "Socorro",
    "Tobías",
    "Úrsula",
)
_FAMILY: Final = (
    "Albarracín",
    "Bohórquez",
    "Cañizales",
    "Échavez",
    "Güiza",
    "Ibáñez",
    "Lárraga",
    "Muñetón",
    "Ordúz",
    "Pinzón",
    "Quiñones",
    "Zúñiga",
)
_BODIES: Final = (
    "Alcaldía de Villa Serena",
    "Instituto de Vías de Aguaclara",
    "Personería de Puerto Níspero",
    "Archivo General de Valdehermoso",
)
_CITIES: Final = ("Villa Serena", "Aguaclara", "Puerto Níspero", "Valdehermoso")
_OFFICES: Final = ("Director de Gestión Documental", "Jefe de la Oficina Jurídica", "Subdirectora Administrativa", "Coordinador de Archivo")
_TRADES: Final = (
    "profesional especializada",
    "técnico operativo",
    "asesor de planeación",
    "auxiliar administrativa",
    "secretaria ejecutiva",
)
_SUBJECTS: Final = (
    ("adopta el programa de gestión documental de la entidad", "la adopción del programa de gestión documental"),
    ("reglamenta el préstamo de documentos a los investigadores", "el préstamo de documentos a los investigadores"),
    ("ordena la reparación del puente peatonal de la quebrada", "la reparación del puente peatonal"),
    ("concede una comisión de servicios al interior del país", "la comisión de servicios"),
    ("autoriza la ocupación temporal del espacio público", "la ocupación temporal del espacio público"),
)
_MONTHS: Final = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)


def money(chance: random.Random) -> str:
    return f"${chance.randint(10, 980)}.{chance.randint(100, 999)}.000"


def facts(chance: random.Random) -> dict[str, str]:
    """What a page speaks of: bodies, people, dates, numbers."""
    people = [f"{given} {chance.choice(_FAMILY)} {chance.choice(_FAMILY)}" for given in chance.sample(_GIVEN, 6)]
    where = chance.randrange(len(_BODIES))
    order, noun = chance.choice(_SUBJECTS)
    office = chance.choice(_OFFICES)
    year = chance.randint(1986, 2025)
    found = {
        "entidad": _BODIES[where],
        "ciudad": _CITIES[where],
        "cargo": office,
        "asunto": order,
        "asunto_nombre": noun,
        "anio": str(year),
        "numero": f"{chance.randint(12, 988):04d}",
        "fecha": f"{chance.randint(1, 28)} de {chance.choice(_MONTHS)} de {year}",
        "hora": f"{chance.randint(8, 11)}:{chance.choice(('15', '30', '45'))} a. m.",
        "direccion": f"Calle {chance.randint(10, 98)} No. {chance.randint(10, 98)}-{chance.randint(10, 98)}",
        "plazo": str(chance.choice((10, 15, 20, 30))),
        "valor": money(chance),
        "firmante": people[0],
        "destinatario": people[1],
    }
    for index, person in enumerate(people[2:]):
        found[f"persona{index}"] = person
        found[f"oficio{index}"] = chance.choice(_TRADES)
    return found | {f"{name}_mayusculas": found[name].upper() for name in ("entidad", "cargo", "destinatario")}


RECITALS: Final = (
    "Que corresponde a la entidad velar por la conservación, el orden y la consulta de los documentos que produce"
    " en cumplimiento de sus funciones.",
    "Que mediante comunicación del {fecha} se recibió la solicitud de {destinatario}, la cual fue estudiada por la oficina competente.",
    "Que la revisión técnica encontró ciento cuarenta y siete cajas con señales de humedad, hongos y manchas de óxido en los ganchos.",
    "Que el comité interno, en sesión ordinaria, recomendó por unanimidad aprobar la propuesta presentada por {persona0}.",
    "Que existe disponibilidad presupuestal por valor de {valor}, según certificación expedida por el área financiera.",
    "Que es necesario precisar los términos, los responsables y las condiciones en que se prestará el servicio a los ciudadanos.",
    "Que, en consecuencia, se considera procedente acceder a lo pedido con las salvedades que se indican a continuación.",
)
ORDERS: Final = (
    "Acoger la recomendación del comité y ordenar su ejecución dentro de los {plazo} días hábiles siguientes a la"
    " fecha de esta resolución.",
    "Designar a {persona1} como responsable de la supervisión, quien rendirá informe escrito al terminar cada trimestre.",
    "Comunicar el contenido de este acto a {destinatario}, en la {direccion}, y publicarlo en la página electrónica de la entidad.",
    "Contra la presente decisión procede el recurso de reposición, que podrá interponerse dentro de los diez días"
    " siguientes a su notificación.",
    "La presente resolución rige a partir de la fecha de su expedición y deroga las disposiciones que le sean contrarias.",
)
ANSWERS: Final = (
    "En atención a su comunicación, recibida el {fecha}, nos permitimos informarle que la solicitud fue remitida"
    " al área encargada para su trámite.",
    "Los documentos que usted pide se encuentran en el depósito principal, bajo custodia de {persona0}, y podrán"
    " consultarse de lunes a viernes.",
    "Para obtener copia auténtica deberá consignar {valor} en la cuenta de la entidad y presentar el comprobante"
    " en la ventanilla de atención.",
    "Si requiere información adicional, puede acercarse a la {direccion}, donde con gusto atenderemos sus inquietudes y las de su familia.",
    "Agradecemos su interés en la preservación de la memoria institucional y quedamos atentos a cualquier observación que desee formular.",
    "Le recordamos que el término para responder es de {plazo} días hábiles, contados a partir del día siguiente"
    " al de la radicación de su escrito.",
)
AGENDA: Final = (
    "Verificación del quórum",
    "Lectura y aprobación del acta anterior",
    "Estudio de las solicitudes recibidas",
    "Proposiciones y varios",
)
DEBATES: Final = (
    "{persona0} toma la palabra y expone el avance de la organización de los fondos, que llega a las tres cuartas partes de lo previsto.",
    "A continuación se estudia la petición de {destinatario}; después de una breve discusión, los asistentes la"
    " aprueban sin modificaciones.",
    "{persona1} advierte que las cajas del segundo piso no caben en la estantería y sugiere adquirir muebles"
    " metálicos por valor de {valor}.",
    "Se acuerda que la próxima reunión se llevará a cabo dentro de {plazo} días, con la participación de los jefes"
    " de todas las dependencias.",
    "{persona2} señala que el año pasado se perdieron algunas carpetas durante el traslado y pide que se levante un inventario detallado.",
    "Agotado el orden del día, se da por terminada la sesión y se firma por quienes en ella intervinieron, previa lectura de lo escrito.",
)
PARTIES: Final = (
    "Entre los suscritos, {firmante}, mayor de edad, en nombre y representación de {entidad}, de una parte, y"
    " {destinatario}, con domicilio en la"
    " {direccion} de {ciudad}, de la otra, hemos convenido celebrar el presente contrato, que se regirá por las siguientes cláusulas:"
)
CLAUSES: Final = (
    "OBJETO: la contratista se obliga a prestar sus servicios para la limpieza, clasificación y descripción de los"
    " documentos de la entidad.",
    "VALOR: para todos los efectos legales y fiscales, el valor del contrato es la suma de {valor}, que se pagará"
    " en mensualidades vencidas.",
    "PLAZO: la ejecución será de {plazo} semanas, contadas desde la suscripción del acta de inicio y sin exceder el año fiscal.",
    "OBLIGACIONES: cumplir las instrucciones del supervisor, guardar reserva de lo que conozca y devolver los bienes en buen estado.",
    "SUPERVISIÓN: estará a cargo de {persona0}, quien verificará el cumplimiento y certificará los pagos que se causen cada mes.",
    "GARANTÍAS: la contratista constituirá póliza que ampare el cumplimiento y la calidad del servicio por el diez"
    " por ciento del valor total.",
    "TERMINACIÓN: las partes podrán dar por terminado el vínculo de común acuerdo, mediante acta que así lo exprese y liquide lo adeudado.",
)
GOODS: Final = (
    "Estante metálico de seis niveles",
    "Caja de archivo de cartón kraft",
    "Carpeta de cuatro aletas sin ácido",
    "Deshumidificador de pared",
    "Escáner de cama plana",
    "Lámpara de luz fría para mesa",
    "Silla giratoria con apoyabrazos",
    "Termohigrómetro electrónico",
    "Aspiradora con filtro fino",
    "Guantes de nitrilo, paquete",
    "Cinta de algodón, rollo",
    "Mesón de trabajo en madera",
)
