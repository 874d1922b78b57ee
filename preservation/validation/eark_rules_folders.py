"""What E-ARK CSIP asks of the folders of a package (CSIPSTR), and what is told of its archive, in words."""

from typing import Final

from preservation.findings import Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_FOLDER: Final = "Cree la carpeta y ponga en ella lo que le corresponde."

FOLDERS: Final = (
    (
        "CSIPSTR1.several",
        _E,
        "carpetas",
        "El archivo no contiene una sola carpeta raíz, sino: {found}.",
        "Empaquete una sola carpeta con todo dentro.",
    ),
    (
        "CSIPSTR1.link",
        _E,
        "carpetas",
        "«{path}» es un enlace: lo que guarda está fuera de la carpeta del paquete. No se siguió.",
        "Ponga el archivo en su lugar.",
    ),
    ("CSIPSTR1.special", _E, "carpetas", "«{path}» no es un archivo ni una carpeta (dispositivo o tubería): no se leyó.", "Retírelo."),
    ("CSIPSTR2.name", _W, "carpetas", "La carpeta se llama «{folder}» y el paquete «{found}».", "Renombre la carpeta como OBJID."),
    (
        "CSIPSTR4.absent",
        _E,
        "carpetas",
        "No hay «METS.xml» en la carpeta raíz: no se sabe qué es este paquete ni qué contiene.",
        "Pida el paquete completo.",
    ),
    ("CSIPSTR4.case", _E, "carpetas", "El METS se llama «{found}»; debe llamarse «METS.xml», con esas mayúsculas.", "Renómbrelo."),
    ("CSIPSTR5.absent", _W, "carpetas", "No hay carpeta «metadata».", _FOLDER),
    ("CSIPSTR6.absent", _W, "carpetas", "No hay carpeta «metadata/preservation».", _FOLDER),
    ("CSIPSTR7.absent", _W, "carpetas", "No hay carpeta «metadata/descriptive».", _FOLDER),
    ("CSIPSTR9.absent", _W, "carpetas", "No hay carpeta «representations».", _FOLDER),
    ("CSIPSTR10.absent", _W, "carpetas", "La carpeta «representations» no tiene una subcarpeta por representación.", _FOLDER),
    (
        "CSIPSTR10.loose",
        _W,
        "carpetas",
        "«{path}» está suelto en «representations», fuera de una representación.",
        "Póngalo en su representación.",
    ),
    ("CSIPSTR11.absent", _W, "carpetas", "La representación «{found}» no tiene carpeta «data».", _FOLDER),
    (
        "CSIPSTR12.absent",
        _W,
        "carpetas",
        "La representación «{found}» no tiene su «METS.xml».",
        "Describa cada representación con su METS.",
    ),
    ("CSIPSTR13.absent", _W, "carpetas", "La representación «{found}» no tiene carpeta «metadata».", _FOLDER),
    ("CSIPSTR14.extra", _I, "carpetas", "Además de lo que pide CSIP, el paquete tiene la carpeta «{found}».", "Nada que hacer."),
    ("CSIPSTR15.absent", _W, "carpetas", "No hay carpeta «schemas»: en unos años puede no saberse leer los metadatos.", _FOLDER),
    ("CSIPSTR16.absent", _W, "carpetas", "No hay carpeta «documentation».", _FOLDER),
)
