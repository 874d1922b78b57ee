"""The vocabularies that the E-ARK specifications close, every edition's values together (DILCIS Board, 2.0 to 2.2)."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from preservation.validation.mets_model import CHECKSUM_ALGORITHMS, MDTYPES
from preservation.validation.xml_model import is_datetime, lexical

CSIP: Final = "https://DILCIS.eu/XML/METS/CSIPExtensionMETS"
SIP: Final = "https://DILCIS.eu/XML/METS/SIPExtensionMETS"
PACKAGE_TYPES: Final = frozenset({"SIP", "AIP", "DIP", "AIU", "AIC"})
STATUSES: Final = frozenset({"CURRENT", "SUPERSEDED"})
RECORD_STATUSES: Final = frozenset({"NEW", "SUPPLEMENT", "REPLACEMENT", "TEST", "VERSION", "DELETE", "OTHER"})
ALTERNATIVE_IDS: Final = frozenset({"SUBMISSIONAGREEMENT", "PREVIOUSSUBMISSIONAGREEMENT", "REFERENCECODE", "PREVIOUSREFERENCECODE"})
_CONTENT_TYPES: Final = (
    "ERMS SIARD1 SIARD2 SIARDDK GeoData citscarchival_v1_0 citcarchival_v1_0 cscarchival_v1_0 citserms_v2_1 citserms_v3_0 citspremis_v1_0"
    " cspremis_v1_0 citsehpj_v1_0 citsehpj_v2_0 citsehcr_v1_0 citssiard_v1_0 citsgeospatial_v3_0 cits3dpm_v1_0 MIXED OTHER"
)
CONTENT_TYPES: Final = frozenset(_CONTENT_TYPES.split())
_CATEGORIES: Final = """
Textual works - Print|Textual works - Digital|Textual works - Electronic Serials|Digital Musical Composition (score-based representations)
Musical Scores - Print|Musical Scores - Digital|Photographs - Print|Photographs - Digital|Other Graphic Images - Print
Other Graphic Images - Digital|Microforms|Audio - On Tangible Medium (digital or analog)|Audio - Media-independent (digital)
Motion Pictures - Digital and Physical Media|Video - File-based and Physical Media|Software|Software and Video Games|Email|Datasets
Geospatial Data|Geographic Information System (GIS) - Vector Data|GIS Raster and Georeferenced Images|GIS Vector and Raster Combined
Non-GIS Cartographic|2D and 3D Computer Aided Design|Design (schematics, architectural drawings) - Print
Scanned 3D Objects (output from photogrammetry scanning)|Databases|Websites|Web Archives|Collection|Event|Image|Interactive resource
Moving image|Sound|Still image|Text|Physical object|Service|Mixed|Other|OTHER
"""
CATEGORIES: Final = frozenset(_CATEGORIES.strip().replace("\n", "|").split("|"))
_MEDIA_TYPE: Final = re.compile(
    r"(application|audio|chemical|font|haptics|image|message|model|multipart|text|video)/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
    r"(\s*;\s*[A-Za-z0-9!#$&^_.+-]+=(\"[^\"]*\"|[^\s;\"]+))*"
)


def is_category(text: str) -> bool:
    """Whether a text is a content category; the specification's own files write some dashes long and some short."""
    return text.replace("\u2013", "-") in CATEGORIES


KINDS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "id": ("un identificador XML (empieza por una letra o «_», sin espacios ni «:»)", lambda text: lexical("id", text)),
    "dateTime": ("una fecha con hora, como 2026-03-02T15:04:05Z", is_datetime),
    "size": ("un número de bytes", lambda text: lexical("natural", text)),
    "media": ("un tipo de medio de IANA, como «application/pdf»", lambda text: _MEDIA_TYPE.fullmatch(text) is not None),
    "metadata": ("uno de los tipos de metadatos de METS", lambda text: text in MDTYPES),
    "algorithm": ("uno de los algoritmos de METS, como «SHA-256»", lambda text: text in CHECKSUM_ALGORITHMS),
    "checksum": ("un resumen hexadecimal del largo de su algoritmo", lambda text: re.fullmatch(r"[0-9A-Fa-f]+", text) is not None),
    "url": ("«URL»", lambda text: text == "URL"),
    "simple": ("«simple»", lambda text: text == "simple"),
    "text": ("un texto", lambda text: bool(text.strip())),
    "address": ("una dirección (https://…)", lambda text: re.fullmatch(r"https?://[^\s/]+\S*", text) is not None),
    "status": ("«CURRENT» o «SUPERSEDED»", lambda text: text in STATUSES),
    "package": ("«SIP», «AIP», «DIP», «AIU» o «AIC»", lambda text: text in PACKAGE_TYPES),
    "category": ("una categoría del vocabulario de CSIP, como «Mixed» o «OTHER»", is_category),
    "content": ("un tipo del vocabulario de CSIP, como «MIXED» u «OTHER»", lambda text: text in CONTENT_TYPES),
}
"""What a value may be: as a person is told it, and how it is known."""
