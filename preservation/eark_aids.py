"""What an E-ARK package carries so that it can be read without us: a page for people and, where none is given, a schema of our own."""

from collections.abc import Iterable
from typing import Final

from preservation.validation.eark_vocabularies import CONTENT_TYPES, CSIP, PACKAGE_TYPES

READING_AID: Final = """\
CÓMO LEER ESTE PAQUETE

Es un paquete de información según la especificación europea E-ARK CSIP 2.1. Para leerlo basta un editor de texto y un programa que abra
los archivos que contiene; no hace falta el programa que lo escribió.

METS.xml                    Qué es el paquete, quién y cuándo lo hizo, y qué archivos contiene.
metadata/descriptive        Las descripciones: de qué tratan los documentos.
metadata/preservation       La historia de los documentos (PREMIS): qué se hizo con ellos, cuándo y con qué resultado.
metadata/other              Otros metadatos, como los derechos.
representations/NOMBRE      Cada forma del contenido; sus archivos están en «data» y su propio METS.xml los enumera.
documentation               Esta página y otras ayudas.
schemas                     Los esquemas que dicen cómo se escriben los metadatos.

PARA COMPROBAR QUE NADA HA CAMBIADO

Cada METS.xml da de cada archivo su tamaño en bytes (SIZE) y su resumen (CHECKSUM) con el algoritmo indicado (CHECKSUMTYPE). Calcule el
resumen del archivo, por ejemplo con «sha256sum ARCHIVO», y compárelo: si es igual, el archivo no ha cambiado.
"""


def attributes_schema() -> bytes:
    """An XML schema, ours, for the attributes that CSIP adds to METS and the values that its vocabularies allow."""
    attributes = [
        _enumerated("CONTENTINFORMATIONTYPE", sorted(CONTENT_TYPES)),
        '  <xs:attribute name="OTHERCONTENTINFORMATIONTYPE" type="xs:string"/>\n',
        _enumerated("OAISPACKAGETYPE", sorted(PACKAGE_TYPES)),
        _enumerated("NOTETYPE", ("IDENTIFICATIONCODE", "SOFTWARE VERSION")),
        '  <xs:attribute name="OTHERTYPE" type="xs:string"/>\n',
    ]
    head = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{CSIP}" elementFormDefault="qualified">\n'
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + head + "".join(attributes) + "</xs:schema>\n").encode()


def _enumerated(name: str, values: Iterable[str]) -> str:
    allowed = "".join(f'        <xs:enumeration value="{value}"/>\n' for value in values)
    return (
        f'  <xs:attribute name="{name}">\n    <xs:simpleType>\n      <xs:restriction base="xs:string">\n{allowed}'
        "      </xs:restriction>\n    </xs:simpleType>\n  </xs:attribute>\n"
    )
