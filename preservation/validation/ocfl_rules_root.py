"""What OCFL asks of a storage root: declaration, layout, hierarchy, extensions (chapter 4)."""

from typing import Final

from preservation.validation.ocfl_remedies import REMOVE, WRITER

_DOCUMENT: Final = "Documente la extensión en un archivo de texto en la raíz de almacenamiento."

ROOT: Final = (
    (
        "E037.id",
        "3.5.1",
        "El identificador «{id}» ya es el de otro objeto, en «{other}».",
        "Averigüe cuál es el verdadero y asigne otro identificador al otro.",
    ),
    (
        "E069",
        "4.1",
        "Falta la declaración de la raíz de almacenamiento («0=ocfl_1.0» o «0=ocfl_1.1»).",
        "Si la carpeta es una raíz OCFL, restaure su declaración desde otra réplica.",
    ),
    ("E070.json", "4.1", "«ocfl_layout.json» no se puede leer como JSON: {reason}.", WRITER),
    ("E070.keys", "4.1", "«ocfl_layout.json» no es un objeto JSON con los textos «extension» y «description».", WRITER),
    (
        "E071",
        "4.1",
        "«{name}», en «ocfl_layout.json», no es una extensión registrada que diga cómo se reparten los objetos.",
        "Corrija el nombre de la extensión; si es propia, quite «ocfl_layout.json» y documéntela en la raíz.",
    ),
    ("E072", "4.1", "El archivo no es de ningún objeto OCFL: nada lo explica ni lo protege.", REMOVE),
    (
        "E073",
        "4.1",
        "Es una carpeta vacía, que una raíz de almacenamiento no puede tener: quizá falte un objeto.",
        "Si había un objeto, recupérelo de otra réplica; si no, quite la carpeta.",
    ),
    ("E074", "4.1", "Hay otra raíz de almacenamiento dentro de esta: cada una debe ser independiente.", "Sáquela de esta raíz."),
    ("E075", "4.2", "La declaración «{name}» no tiene la forma de un nombre NAMASTE: un archivo llamado «0=ocfl_VERSIÓN».", WRITER),
    (
        "E076",
        "4.2",
        "La raíz tiene {count} declaraciones de versión; debe haber una sola.",
        "Conserve solo la de la versión de OCFL que cumple.",
    ),
    ("E077", "4.2", "El nombre de la declaración, «{name}», no es de la forma «T=valor».", WRITER),
    ("E078", "4.2", "El nombre de la declaración, «{name}», no empieza por «0=».", WRITER),
    ("E079", "4.2", "La declaración «{name}» no dice «ocfl_» y una versión de OCFL conocida (1.0 o 1.1).", WRITER),
    (
        "E080",
        "4.2",
        "El contenido de la declaración no es «{expected}» y un salto de línea.",
        "Restaure la declaración desde otra réplica.",
    ),
    (
        "E081",
        "4.2",
        "El objeto cumple OCFL {found}, posterior a la {expected} que declara la raíz.",
        "Declare la raíz en la versión más alta de sus objetos.",
    ),
    ("E083", "4.3", "El identificador «{id}» lleva a dos lugares: este y «{other}».", "Averigüe cuál es el verdadero y retire el otro."),
    ("E084", "4.3", "El archivo está en una carpeta intermedia, donde solo puede haber carpetas.", REMOVE),
    (
        "E085",
        "4.3",
        "La carpeta termina sin llegar a un objeto OCFL.",
        "Si había un objeto, recupérelo de otra réplica; si no, quite la carpeta.",
    ),
    ("E086", "4.4", "El archivo «{name}» no puede estar suelto en «extensions»: solo carpetas de extensiones.", REMOVE),
    ("E088", "4.1", "La carpeta no lleva a ningún objeto OCFL ni es de extensiones.", REMOVE),
    ("E112", "4.4", "El archivo «{name}» no puede estar suelto en «extensions»: solo carpetas de extensiones.", REMOVE),
    (
        "W014.layout",
        "4.3",
        "El objeto «{id}» no está donde dice la disposición declarada, sino en otro lugar; se esperaba «{expected}».",
        "Mueva el objeto, o declare la disposición que de verdad se usa.",
    ),
    ("W014.mixed", "4.3", "Los objetos se reparten de más de una manera.", "Elija una sola disposición para los objetos nuevos."),
    (
        "W015",
        "4.3",
        "Unos objetos están directamente en la raíz («{top}») y otros en carpetas («{deep}»).",
        "Elija una sola disposición para los objetos nuevos.",
    ),
    ("W016", "4.4", "La extensión «{name}» no está en el registro de extensiones de OCFL.", _DOCUMENT),
)
