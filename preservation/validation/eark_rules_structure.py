"""What E-ARK CSIP asks of the header, of the sections and of the structural map of a METS, in words."""

from typing import Final

from preservation.findings import Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_PROGRAM: Final = "Corrija el programa que escribió el METS y pida que lo genere de nuevo."
_REFERENCE: Final = "Corrija la referencia o añada lo que falta."
_MAP: Final = "mets/structMap[@LABEL='CSIP']"

HEADER: Final = (
    (
        "CSIP1.name",
        _W,
        "mets/@OBJID",
        "El identificador «{found}» no es el nombre de la carpeta, «{folder}».",
        "Renombre la carpeta o corrija OBJID.",
    ),
    (
        "CSIP2.other",
        _E,
        "mets/@csip:OTHERTYPE",
        "TYPE es «OTHER», pero «csip:OTHERTYPE» falta o está vacío.",
        "Diga en csip:OTHERTYPE cuál es.",
    ),
    (
        "CSIP3.absent",
        _E,
        "mets/@csip:OTHERTYPE",
        "TYPE es «OTHER», pero «csip:OTHERTYPE» falta o está vacío.",
        "Diga en csip:OTHERTYPE cuál es.",
    ),
    (
        "CSIP5.absent",
        _E,
        "mets/@csip:OTHERCONTENTINFORMATIONTYPE",
        "CONTENTINFORMATIONTYPE es «OTHER», pero «csip:OTHERCONTENTINFORMATIONTYPE» falta o está vacío.",
        "Diga en csip:OTHERCONTENTINFORMATIONTYPE cuál es.",
    ),
    (
        "CSIP8.future",
        _E,
        "mets/metsHdr/@LASTMODDATE",
        "LASTMODDATE es «{found}», que está en el futuro: el paquete no pudo modificarse entonces.",
        "Corrija la fecha, o el reloj del equipo que la escribió.",
    ),
    ("CSIP117.absent", _E, "mets/metsHdr", "Falta «metsHdr», la cabecera que describe el paquete.", _PROGRAM),
    ("CSIP10.absent", _E, "mets/metsHdr/agent", "Falta el agente que dice con qué programa se creó el paquete.", _PROGRAM),
    ("CSIP11.value", _E, "mets/metsHdr/agent/@ROLE", 'El agente que dice con qué programa se creó debe llevar ROLE="CREATOR".', _PROGRAM),
    ("CSIP12.value", _E, "mets/metsHdr/agent/@TYPE", 'El agente que dice con qué programa se creó debe llevar TYPE="OTHER".', _PROGRAM),
    (
        "CSIP13.value",
        _E,
        "mets/metsHdr/agent/@OTHERTYPE",
        'El agente que dice con qué programa se creó debe llevar OTHERTYPE="SOFTWARE".',
        _PROGRAM,
    ),
    ("CSIP14.absent", _E, "mets/metsHdr/agent/name", "El agente que dice con qué programa se creó no da su nombre, o da varios.", _PROGRAM),
    ("CSIP15.absent", _E, "mets/metsHdr/agent/note", "El agente no da en una nota, y solo una, la versión del programa.", _PROGRAM),
    (
        "CSIP16.value",
        _E,
        "mets/metsHdr/agent/note/@csip:NOTETYPE",
        'La nota con la versión del programa debe llevar csip:NOTETYPE="SOFTWARE VERSION".',
        _PROGRAM,
    ),
    ("CSIP17.unlisted", _W, "mets/dmdSec", "«{path}» está en la carpeta de descripciones y ningún «dmdSec» remite a él.", _REFERENCE),
    (
        "CSIP21.absent",
        _W,
        "mets/dmdSec/mdRef",
        "«dmdSec» no remite a un archivo de la carpeta «metadata».",
        "Guarde la descripción en un archivo aparte.",
    ),
    ("CSIP31.several", _W, "mets/amdSec", "Hay {count} «amdSec»: los metadatos administrativos van en uno solo.", _PROGRAM),
    ("CSIP32.absent", _W, "mets/amdSec/digiprovMD", "«amdSec» no tiene «digiprovMD»: no hay historia de la preservación.", "Añada PREMIS."),
    (
        "CSIP32.unlisted",
        _W,
        "mets/amdSec/digiprovMD",
        "«{path}» está en la carpeta de preservación y ningún «digiprovMD» remite a él.",
        _REFERENCE,
    ),
    (
        "CSIP35.absent",
        _W,
        "mets/amdSec/digiprovMD/mdRef",
        "«digiprovMD» no remite a un archivo de la carpeta «metadata».",
        "Guárdelo en un archivo aparte.",
    ),
    (
        "CSIP48.absent",
        _W,
        "mets/amdSec/rightsMD/mdRef",
        "«rightsMD» no remite a un archivo de la carpeta «metadata».",
        "Guárdelo en un archivo aparte.",
    ),
    ("CSIP58.absent", _W, "mets/fileSec", "No hay «fileSec»: el METS no enumera el contenido.", "Si hay contenido, enumérelo en fileSec."),
    ("CSIP58.unlisted", _W, "mets/fileSec", "«{path}» está en el paquete y ningún METS lo enumera.", "Enumérelo en el METS o retírelo."),
    (
        "CSIP60.absent",
        _E,
        "mets/fileSec/fileGrp[@USE='Documentation']",
        "No hay un grupo de archivos «Documentation».",
        "Añada la documentación.",
    ),
    (
        "CSIP113.absent",
        _E,
        "mets/fileSec/fileGrp[@USE='Schemas']",
        "No hay un grupo de archivos «Schemas».",
        "Añada los esquemas que usa el paquete.",
    ),
    (
        "CSIP114.absent",
        _E,
        "mets/fileSec/fileGrp[starts-with(@USE,'Representations')]",
        "No hay un grupo de archivos «Representations»: el METS no dice dónde está el contenido.",
        "Añada un grupo por representación.",
    ),
    ("CSIP61.reference", _E, "mets/fileSec/fileGrp/@ADMID", "ADMID remite a «{found}», que no existe.", _REFERENCE),
    (
        "CSIP62.absent",
        _E,
        "mets/fileSec/fileGrp/@csip:CONTENTINFORMATIONTYPE",
        "El grupo de la representación «{found}» no dice con qué especificación de tipo de contenido se hizo.",
        "Añada csip:CONTENTINFORMATIONTYPE al grupo.",
    ),
    (
        "CSIP62.value",
        _E,
        "mets/fileSec/fileGrp/@csip:CONTENTINFORMATIONTYPE",
        "«{found}» no es del vocabulario de tipos de contenido de CSIP.",
        "Use un valor del vocabulario, u «OTHER».",
    ),
    (
        "CSIP63.absent",
        _E,
        "mets/fileSec/fileGrp/@csip:OTHERCONTENTINFORMATIONTYPE",
        "El tipo de contenido del grupo es «OTHER», pero «csip:OTHERCONTENTINFORMATIONTYPE» falta o está vacío.",
        "Diga en csip:OTHERCONTENTINFORMATIONTYPE cuál es.",
    ),
    (
        "CSIP63.idle",
        _E,
        "mets/fileSec/fileGrp/@csip:OTHERCONTENTINFORMATIONTYPE",
        "«csip:OTHERCONTENTINFORMATIONTYPE» vale «{found}», pero el tipo de contenido del grupo es «{kind}» y no «OTHER».",
        "Quite csip:OTHERCONTENTINFORMATIONTYPE, o ponga «OTHER» en csip:CONTENTINFORMATIONTYPE.",
    ),
    (
        "CSIP63.value",
        _E,
        "mets/fileSec/fileGrp/@csip:OTHERCONTENTINFORMATIONTYPE",
        "«{found}» es del vocabulario de tipos de contenido: no es «otro».",
        "Póngalo en csip:CONTENTINFORMATIONTYPE y quite csip:OTHERCONTENTINFORMATIONTYPE.",
    ),
    (
        "CSIP64.value",
        _E,
        "mets/fileSec/fileGrp/@USE",
        "El grupo de archivos se llama «{found}»; debe empezar por «Documentation», «Schemas», «Representations» o «Metadata».",
        _PROGRAM,
    ),
    (
        "CSIP64.folder",
        _E,
        "mets/fileSec/fileGrp/@USE",
        "El grupo de archivos «{found}» se llama como una carpeta que no está en el paquete.",
        "Dele el nombre de la carpeta donde están sus archivos.",
    ),
    (
        "CSIP66.absent",
        _E,
        "mets/fileSec/fileGrp/file",
        "El grupo de archivos «{found}» no tiene ningún archivo.",
        "Quite el grupo o ponga sus archivos.",
    ),
    ("CSIP74.reference", _E, "mets/fileSec/fileGrp/file/@ADMID", "ADMID remite a «{found}», que no existe.", _REFERENCE),
    ("CSIP75.reference", _E, "mets/fileSec/fileGrp/file/@DMDID", "DMDID remite a «{found}», que no existe.", _REFERENCE),
    (
        "CSIP76.absent",
        _E,
        "mets/fileSec/fileGrp/file/FLocat",
        "El archivo «{found}» no dice dónde está, o lo dice más de una vez.",
        _PROGRAM,
    ),
)

_PARTS: Final = (
    ("Documentation", "la documentación", 93, 94, 95, 96, 116),
    ("Schemas", "los esquemas", 97, 98, 99, 100, 118),
    ("Representations", "el contenido", 101, 102, 103, 104, 119),
)
"""Label of a division, what it is for, and the codes of its presence, ID, LABEL, fptr and fptr/@FILEID."""
PARTS: Final = {label: codes for label, _, *codes in _PARTS}

DIVISIONS: Final = (
    ("CSIP80.absent", _E, "mets/structMap", "No hay un mapa de estructura «CSIP», o hay más de uno.", _PROGRAM),
    ("CSIP81.value", _E, f"{_MAP}/@TYPE", 'El mapa de estructura de CSIP lleva TYPE="{found}"; debe ser «PHYSICAL».', _PROGRAM),
    ("CSIP82.value", _E, f"{_MAP}/@LABEL", 'Ningún mapa de estructura lleva LABEL="CSIP"; este lleva «{found}».', _PROGRAM),
    ("CSIP83.absent", _E, f"{_MAP}/@ID", "Al mapa de estructura le falta su identificador, o no es válido: «{found}».", _PROGRAM),
    ("CSIP84.absent", _E, f"{_MAP}/div", "El mapa de estructura no tiene una división principal, y solo una.", _PROGRAM),
    ("CSIP85.absent", _E, f"{_MAP}/div/@ID", "A la división principal le falta su identificador, o no es válido: «{found}».", _PROGRAM),
    (
        "CSIP86.differs",
        _I,
        f"{_MAP}/div/@LABEL",
        "La división principal se llama «{found}» y el paquete «{expected}»; CSIP 2.0 pedía que fueran iguales, desde 2.1 no.",
        "Nada que hacer.",
    ),
    (
        "CSIP86.first",
        _E,
        f"{_MAP}/div/@LABEL",
        "La división principal se llama «{found}» y el paquete «{expected}»; CSIP 2.0, que el paquete dice cumplir, pide que sean iguales.",
        _PROGRAM,
    ),
    (
        "CSIP88.absent",
        _E,
        f"{_MAP}/div/div[@LABEL='Metadata']",
        "Falta la división «Metadata» del mapa de estructura, o hay más de una.",
        _PROGRAM,
    ),
    (
        "CSIP89.absent",
        _E,
        f"{_MAP}/div/div[@LABEL='Metadata']/@ID",
        "A la división «Metadata» le falta su identificador, o no es válido: «{found}».",
        _PROGRAM,
    ),
    ("CSIP90.value", _E, f"{_MAP}/div/div/@LABEL", 'La división de los metadatos debe llevar LABEL="Metadata"; lleva «{found}».', _PROGRAM),
    (
        "CSIP90.absent",
        _E,
        f"{_MAP}/div/div[@LABEL='Metadata']",
        'Ninguna división del mapa lleva LABEL="Metadata", o la lleva más de una.',
        _PROGRAM,
    ),
    (
        "CSIP91.unlisted",
        _W,
        f"{_MAP}/div/div/@ADMID",
        "Los metadatos administrativos «{found}» no están en ADMID de «Metadata».",
        _REFERENCE,
    ),
    ("CSIP91.reference", _E, f"{_MAP}/div/div/@ADMID", "ADMID remite a «{found}», que no existe.", _REFERENCE),
    ("CSIP92.unlisted", _W, f"{_MAP}/div/div/@DMDID", "La descripción «{found}» no está en DMDID de «Metadata».", _REFERENCE),
    ("CSIP92.reference", _E, f"{_MAP}/div/div/@DMDID", "DMDID remite a «{found}», que no existe.", _REFERENCE),
    *(
        row
        for label, what, presence, identifier, name, pointers, pointer in _PARTS
        for place in [f"{_MAP}/div/div[@LABEL='{label}']"]
        for row in (
            (
                f"CSIP{presence}.absent",
                _W,
                place,
                f"Falta la división «{label}» del mapa: {what} no se encuentra por él.",
                _PROGRAM,
            ),
            (f"CSIP{presence}.several", _E, place, f"Hay más de una división «{label}» en el mapa; debe haber una, y solo una.", _PROGRAM),
            (
                f"CSIP{identifier}.absent",
                _E,
                f"{place}/@ID",
                f"A la división «{label}» le falta su identificador, o no es válido: «{{found}}».",
                _PROGRAM,
            ),
            (
                f"CSIP{name}.value",
                _E,
                f"{place}/@LABEL",
                f'La división de {what} debe llevar LABEL="{label}"; lleva «{{found}}».',
                _PROGRAM,
            ),
            (
                f"CSIP{pointers}.unlisted",
                _E,
                f"{place}/fptr",
                f"Ningún «fptr» de la división «{label}» remite al grupo de archivos «{{found}}».",
                _PROGRAM,
            ),
            (
                f"CSIP{pointers}.later",
                _W,
                f"{place}/fptr",
                f"Ningún «fptr» de la división «{label}» remite al grupo de archivos «{{found}}».",
                _PROGRAM,
            ),
            (
                f"CSIP{pointer}.value",
                _E,
                f"{place}/fptr/@FILEID",
                f"FILEID vale «{{found}}», que no es un grupo de archivos «{label}».",
                _REFERENCE,
            ),
        )
    ),
    ("CSIP105.absent", _W, f"{_MAP}/div/div", "La representación «{found}» tiene su METS y el mapa no le da una división.", _PROGRAM),
    (
        "CSIP106.absent",
        _E,
        f"{_MAP}/div/div/@ID",
        "A la división de la representación le falta su identificador, o no es válido: «{found}».",
        _PROGRAM,
    ),
    (
        "CSIP107.value",
        _E,
        f"{_MAP}/div/div/@LABEL",
        'La división de una representación debe llevar LABEL="Representations/…" con la carpeta de su METS; lleva «{found}».',
        _PROGRAM,
    ),
    ("CSIP108.group", _E, f"{_MAP}/div/div/mptr/@xlink:title", "xlink:title vale «{found}», que no es un grupo de archivos.", _REFERENCE),
    (
        "CSIP109.absent",
        _E,
        f"{_MAP}/div/div/mptr",
        "La representación «{found}» tiene su METS, y su división no tiene un «mptr», y solo uno, hacia él.",
        _PROGRAM,
    ),
)
