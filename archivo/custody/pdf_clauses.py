"""What each clause of PDF/A asks, for who must mend the file: ISO 19005-1:2005, ISO 19005-2:2011 and ISO 19005-3:2012, every level.

A clause is looked up by its part and number; parts 2 and 3 share theirs but for 6.8.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from preservation.findings import Rule, Severity, by_code

EXPORT: Final = "Pida el original a quien lo entregó, o expórtelo de nuevo como PDF/A desde el programa que lo hizo."
_SAVE: Final = "Ábralo en un programa que guarde PDF/A y guárdelo de nuevo; si se hizo a mano, expórtelo desde el documento original."
_COLOUR: Final = "Expórtelo de nuevo como PDF/A e incluya el perfil de color (por ejemplo sRGB para pantalla)."
_FONTS: Final = "Expórtelo de nuevo como PDF/A con todas las letras incrustadas, desde un equipo que tenga esas letras instaladas."
_FORM: Final = "Guarde una copia sin formulario activo (imprimir como PDF/A o «aplanar»), y entregue esa copia."
_METADATA: Final = "Corrija los datos del documento (título, autor, fechas) en el programa que lo hizo y expórtelo de nuevo como PDF/A."

_CLAUSES: Final[tuple[tuple[str, str, str, str, str], ...]] = (
    ("header", "6.1.2", "6.1.2", "El archivo no comienza como un PDF/A: la primera línea o la que le sigue no son las debidas.", _SAVE),
    (
        "trailer",
        "6.1.3",
        "6.1.3",
        "El archivo no termina bien, está cifrado o no lleva su identificador: otro programa puede no abrirlo.",
        _SAVE,
    ),
    ("xref", "6.1.4", "6.1.4", "La tabla que dice dónde está cada objeto está mal escrita: otro programa puede no encontrarlos.", _SAVE),
    ("strings", "6.1.6", "6.1.6", "Un texto en hexadecimal está mal escrito: puede leerse de más de una manera.", _SAVE),
    ("streams", "6.1.7", "6.1.7 6.1.7.1", "Un bloque de datos no tiene el largo que dice, o busca sus datos fuera del archivo.", _SAVE),
    ("filters", "6.1.10", "6.1.7.2 6.1.10", "Usa una compresión que PDF/A no admite.", _SAVE),
    (
        "names",
        "",
        "6.1.8",
        "Un nombre (de letra, color o parte del documento) no está escrito en UTF-8: puede leerse de otra manera.",
        _SAVE,
    ),
    ("objects", "6.1.8", "6.1.9", "Un objeto no está separado de los demás como se debe: otro programa puede no encontrarlo.", _SAVE),
    (
        "permissions",
        "",
        "6.1.12",
        "Lleva permisos o límites de uso que PDF/A no admite: alguien podría no poder abrirlo más adelante.",
        "Guarde una copia sin restricciones y entréguela.",
    ),
    (
        "limits",
        "6.1.12",
        "6.1.13",
        "Pasa de los tamaños que todo programa debe poder leer (números, textos, colores, páginas, estados anidados).",
        _SAVE,
    ),
    (
        "optional_content",
        "6.1.13",
        "6.9",
        "Tiene capas que se pueden ocultar, y no cumplen lo que PDF/A pide de ellas: no es seguro qué se verá.",
        "Expórtelo de nuevo sin capas (o «aplanadas»), con todo lo que deba verse.",
    ),
    (
        "operators",
        "6.2.10",
        "6.2.2",
        "Una página usa una instrucción que no es de PDF, o algo que no lleva ella misma: puede verse incompleta.",
        _SAVE,
    ),
    ("output_intent", "6.2.2", "6.2.3", "El perfil de color del documento no es uno que PDF/A admita, o hay varios distintos.", _COLOUR),
    ("icc", "6.2.3.2", "6.2.4.2", "Un perfil de color no es uno que PDF/A admita: los colores pueden verse distintos.", _COLOUR),
    (
        "device_colour",
        "6.2.3 6.2.3.3",
        "6.2.4 6.2.4.3",
        "Usa colores que dependen del aparato y el documento no dice con qué perfil se interpretan: pueden verse distintos.",
        _COLOUR,
    ),
    (
        "spot_colour",
        "6.2.3.4",
        "6.2.4.4",
        "Un color especial (tinta plana) no está descrito, o lo está de dos maneras: puede verse distinto.",
        "Expórtelo de nuevo como PDF/A convirtiendo los colores especiales a RGB o CMYK.",
    ),
    (
        "images",
        "6.2.4",
        "6.2.8",
        "Una imagen pide que se la suavice, trae otra versión de sí misma o tiene una profundidad que PDF/A no admite.",
        _SAVE,
    ),
    (
        "jpeg2000",
        "",
        "6.2.8.1 6.2.8.2 6.2.8.3",
        "Una imagen JPEG 2000 tiene canales o colores que PDF/A no admite.",
        "Expórtelo de nuevo como PDF/A con las imágenes en JPEG o sin pérdida.",
    ),
    ("xobjects", "6.2.5 6.2.6 6.2.7", "6.2.9", "Incluye instrucciones de impresora o contenido de otro archivo: puede no verse.", _SAVE),
    ("graphics_state", "6.2.8", "6.2.5", "Cambia los tonos con reglas propias de una impresora: puede verse distinto.", _SAVE),
    ("rendering_intent", "6.2.9", "6.2.6", "Pide interpretar los colores de una manera que PDF no define.", _COLOUR),
    (
        "transparency",
        "6.4",
        "6.2.10",
        "Usa transparencias que su parte de PDF/A no admite, o sin decir en qué colores se mezclan: puede verse distinto.",
        "Expórtelo como PDF/A-2b con perfil de color; si debe ser PDF/A-1, sin transparencias.",
    ),
    (
        "font_structure",
        "6.3.1 6.3.2",
        "6.2.11.1 6.2.11.2",
        "Una letra (fuente) no está descrita como se debe: el texto puede no verse.",
        _FONTS,
    ),
    (
        "font_composite",
        "6.3.3 6.3.3.1 6.3.3.2 6.3.3.3",
        "6.2.11.3 6.2.11.3.1 6.2.11.3.2 6.2.11.3.3",
        "Una letra (fuente) no trae la tabla que dice qué signo corresponde a cada código: el texto puede verse distinto.",
        _FONTS,
    ),
    (
        "font_embedding",
        "6.3.4",
        "6.2.11.4 6.2.11.4.1",
        "Usa letras (fuentes) o signos que no van dentro del archivo: el texto puede no verse.",
        _FONTS,
    ),
    (
        "font_subset",
        "6.3.5",
        "6.2.11.4.2",
        "Una letra (fuente) no trae todos los signos que usa, o su lista de signos no es cierta.",
        _FONTS,
    ),
    (
        "font_width",
        "6.3.6",
        "6.2.11.5",
        "El ancho de las letras que dice el documento no es el de la fuente incrustada: el texto puede descuadrarse.",
        _FONTS,
    ),
    (
        "font_encoding",
        "6.3.7",
        "6.2.11.6",
        "Una letra (fuente) se usa con una codificación que PDF/A no admite: un signo puede verse como otro.",
        _FONTS,
    ),
    ("font_missing", "", "6.2.11.8", "El texto usa un signo que la letra (fuente) no tiene: en su lugar se ve un cuadro o nada.", _FONTS),
    (
        "annotation_type",
        "6.5.2",
        "6.3.1",
        "Tiene anotaciones de una clase que PDF/A no admite (sonido, video, tres dimensiones u otra).",
        "Quite esas anotaciones, o entregue aparte lo que contienen, y guárdelo de nuevo como PDF/A.",
    ),
    (
        "annotation_flags",
        "6.5.3",
        "6.3.2",
        "Una anotación puede quedar oculta o no imprimirse, o sus colores o su transparencia no son admisibles.",
        "Haga visibles e imprimibles todas las anotaciones, o quítelas, y guárdelo de nuevo como PDF/A.",
    ),
    (
        "annotation_appearance",
        "",
        "6.3.3",
        "Una anotación o un campo no trae la imagen de cómo se ve: cada programa lo mostraría a su manera.",
        "Guarde una copia con anotaciones y campos «aplanados» y entréguela.",
    ),
    ("form", "6.9", "6.4 6.4.1", "Un campo de formulario no trae cómo se ve, o hace algo al usarlo: lo que se vea puede cambiar.", _FORM),
    ("xfa", "", "6.4.2", "Contiene un formulario XFA, que se arma al abrirlo: lo que se ve no está en el archivo.", _FORM),
    (
        "signature",
        "",
        "6.4.3",
        "Una firma no cubre todo el documento, o no trae exactamente un firmante con su certificado.",
        "Pida que lo firmen de nuevo con un programa que firme PDF/A (PAdES); el documento se conserva tal como llegó.",
    ),
    (
        "actions",
        "6.6.1",
        "6.5.1",
        "Tiene acciones que PDF/A no admite (ejecutar un programa, un guion, sonido u otra).",
        "Guarde una copia sin acciones ni guiones (JavaScript) y entréguela.",
    ),
    (
        "triggers",
        "6.6.2",
        "6.5.2",
        "Hace algo por sí solo al abrirse, cerrarse o cambiar de página o de campo.",
        "Guarde una copia sin acciones automáticas y entréguela.",
    ),
    ("metadata", "6.7.1 6.7.2", "6.6.1 6.6.2 6.6.2.1", "No trae metadatos XMP, o no se pueden leer como pide PDF/A.", _METADATA),
    (
        "information",
        "6.7.3",
        "6.6.3",
        "Los datos del documento (título, autor, fechas) no son los mismos que dicen sus metadatos.",
        _METADATA,
    ),
    ("packet", "6.7.5", "6.6.2.2", "El encabezado de los metadatos usa atributos que PDF/A no admite.", _METADATA),
    (
        "extension_schemas",
        "6.7.8",
        "6.6.2.3.2 6.6.2.3.3",
        "Los metadatos describen mal las propiedades propias que usan.",
        _METADATA,
    ),
    (
        "properties",
        "6.7.9",
        "6.6.2.3 6.6.2.3.1",
        "Los metadatos usan una propiedad que nadie define, o con un valor de otro tipo.",
        _METADATA,
    ),
    ("identification", "6.7.11", "6.6.4", "Los metadatos no dicen bien qué parte y qué nivel de PDF/A cumple el documento.", EXPORT),
    (
        "presentation",
        "",
        "6.10",
        "Contiene una presentación con varias versiones o pasos: no es seguro qué se verá.",
        "Expórtelo de nuevo como un documento de páginas.",
    ),
    ("requirements", "", "6.11", "Exige que el programa que lo abre sepa hacer algo más que mostrarlo.", _SAVE),
)
_LEVELS: Final = (
    (
        "text_codes",
        "6.3.8",
        "6.2.11.7 6.2.11.7.1 6.2.11.7.2 6.2.11.7.3",
        "Parte del texto no se puede copiar ni buscar con seguridad: no dice qué letras son (lo piden los niveles a y u).",
        _FONTS,
    ),
    (
        "structure",
        "6.8 6.8.1 6.8.2 6.8.2.1 6.8.2.2 6.8.3 6.8.3.1 6.8.3.2 6.8.3.3 6.8.3.4 6.8.4 6.8.5 6.8.6 6.8.7 6.8.8",
        "6.7 6.7.1 6.7.2 6.7.2.1 6.7.2.2 6.7.3 6.7.3.1 6.7.3.2 6.7.3.3 6.7.3.4 6.7.4 6.7.5 6.7.6 6.7.7 6.7.8",
        "No dice como se debe qué es título, párrafo, tabla o imagen, o en qué idioma está (lo pide el nivel a).",
        "Expórtelo de nuevo como PDF/A con «etiquetas» o «estructura accesible», o como nivel b si no hace falta.",
    ),
)
_ATTACHED: Final = (
    (
        "attached_1",
        "6.1.11",
        "",
        "Lleva archivos adjuntos, que PDF/A-1 no admite.",
        "Entregue los adjuntos aparte, o expórtelo como PDF/A-3 si deben ir dentro.",
    ),
    (
        "attached_2",
        "",
        "6.8",
        "Lleva archivos adjuntos que no son PDF/A, o que no están descritos como pide su parte de PDF/A.",
        "Entregue los adjuntos aparte, o expórtelo como PDF/A-3 diciendo de cada uno su tipo y su relación con el documento.",
    ),
)
_ALL: Final = (*_CLAUSES, *_LEVELS, *_ATTACHED)
VIOLATION: Final = Rule(
    "pdf.violation", Severity.ERROR, "ISO 19005", "6", "No cumple un apartado de la norma que el propio PDF dice cumplir.", EXPORT
)
"""What is told of a clause that is not known here."""


def _rules() -> Iterator[Rule]:
    for name, first, later, message, remedy in _ALL:
        told = [f"{one.replace(' ', ', ')} ({parts})" for one, parts in ((first, "parte 1"), (later, "partes 2 y 3")) if one]
        yield Rule(f"pdf.{name}", Severity.ERROR, "ISO 19005", "; ".join(told), message, remedy)


CLAUSE_RULES: Final[Mapping[str, Rule]] = by_code(_rules())
"""The rules by their code; `paragraph` names the clauses of every part."""
_BY_CLAUSE: Final[Mapping[tuple[bool, str], str]] = {
    (later, clause): f"pdf.{name}"
    for name, first, second, _, _ in _ALL
    for later, clauses in ((False, first), (True, second))
    for clause in clauses.split()
}


def rule_of(part: str, clause: str) -> Rule:
    """The rule of a clause (`6.2.3.3`) of a part (`1`, `2`, `3`), with both as its source; of one not known here, a rule that says so."""
    code = _BY_CLAUSE.get((part != "1", clause)) if part in ("1", "2", "3") else None
    return replace(CLAUSE_RULES[code] if code else VIOLATION, standard=f"ISO 19005-{part}", paragraph=clause)
