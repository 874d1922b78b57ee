"""What the E-ARK profiles of SIP, AIP and DIP ask beyond CSIP, in words."""

from typing import Final

from preservation.findings import Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_PROGRAM: Final = "Corrija el programa que escribió el METS y pida que lo genere de nuevo."
_AGENT: Final = "mets/metsHdr/agent"

PROFILES: Final = (
    (
        "profile.common",
        _I,
        "mets/@PROFILE",
        "Dice ser un {found}, pero su perfil es el común (CSIP): solo se juzgó como CSIP.",
        "Si debe cumplir el perfil de {found}, dígalo en PROFILE.",
    ),
    (
        "mets2",
        _E,
        "mets",
        "El METS del paquete es METS 2, y los perfiles de E-ARK son de METS 1: no se juzgó como paquete E-ARK.",
        "Pida el paquete con METS 1.",
    ),
    ("SIP2.value", _E, "mets/@PROFILE", "PROFILE vale «{found}», que no es el perfil SIP de E-ARK.", _PROGRAM),
    (
        "SIP3.value",
        _E,
        "mets/metsHdr/@RECORDSTATUS",
        "RECORDSTATUS vale «{found}», que no es del vocabulario de SIP.",
        "Use NEW, SUPPLEMENT, REPLACEMENT, TEST, VERSION, DELETE u OTHER.",
    ),
    ("SIP4.value", _E, "mets/metsHdr/@csip:OAISPACKAGETYPE", "El perfil es de SIP, y OAISPACKAGETYPE vale «{found}».", _PROGRAM),
    (
        "SIP5.several",
        _E,
        "mets/metsHdr/altRecordID",
        "Hay más de un acuerdo de entrega (SUBMISSIONAGREEMENT).",
        "Deje uno; los anteriores, como PREVIOUSSUBMISSIONAGREEMENT.",
    ),
    (
        "SIP7.several",
        _E,
        "mets/metsHdr/altRecordID",
        "Hay más de un código de referencia (REFERENCECODE).",
        "Deje uno; los anteriores, como PREVIOUSREFERENCECODE.",
    ),
    (
        "SIP11.value",
        _E,
        f"{_AGENT}/@TYPE",
        'El agente que creó los documentos lleva TYPE="{found}"; debe ser ORGANIZATION o INDIVIDUAL.',
        _PROGRAM,
    ),
    ("SIP12.absent", _W, f"{_AGENT}/name", "El agente que creó los documentos no da su nombre.", "Añada su nombre."),
    (
        "SIP14.value",
        _E,
        f"{_AGENT}/note/@csip:NOTETYPE",
        'La nota de quien creó los documentos debe llevar csip:NOTETYPE="IDENTIFICATIONCODE".',
        _PROGRAM,
    ),
    (
        "SIP15.absent",
        _E,
        _AGENT,
        "No se dice quién entrega el paquete.",
        'Añada un agente con ROLE="CREATOR" y TYPE="ORGANIZATION" o "INDIVIDUAL".',
    ),
    (
        "SIP17.value",
        _E,
        f"{_AGENT}/@TYPE",
        'El agente que entrega el paquete debe llevar TYPE="ORGANIZATION" o "INDIVIDUAL"; lleva «{found}».',
        _PROGRAM,
    ),
    ("SIP18.absent", _W, f"{_AGENT}/name", "El agente que entrega el paquete no da su nombre.", "Añada su nombre."),
    (
        "SIP20.value",
        _E,
        f"{_AGENT}/note/@csip:NOTETYPE",
        'La nota de quien entrega debe llevar csip:NOTETYPE="IDENTIFICATIONCODE".',
        _PROGRAM,
    ),
    ("SIP28.value", _E, f"{_AGENT}/@TYPE", 'El agente de preservación lleva TYPE="{found}"; debe ser ORGANIZATION.', _PROGRAM),
    ("SIP29.absent", _W, f"{_AGENT}/name", "El agente de preservación no da su nombre.", "Añada su nombre."),
    (
        "SIP31.value",
        _E,
        f"{_AGENT}/note/@csip:NOTETYPE",
        'La nota del agente de preservación debe llevar csip:NOTETYPE="IDENTIFICATIONCODE".',
        _PROGRAM,
    ),
    ("AIPM1.absent", _E, "mets/@OBJID", "Falta el identificador del AIP.", "Añada OBJID."),
    ("AIPM2.value", _E, "mets/@PROFILE", "PROFILE vale «{found}», que no es el perfil AIP de E-ARK.", _PROGRAM),
    ("AIPM3.value", _E, "mets/metsHdr/@csip:OAISPACKAGETYPE", "El perfil es de AIP, y OAISPACKAGETYPE vale «{found}».", _PROGRAM),
    ("AIPM4.absent", _W, "mets/dmdSec/@STATUS", 'Ninguna descripción está marcada como vigente (STATUS="CURRENT").', "Marque la vigente."),
    (
        "AIPM5.absent",
        _E,
        "mets/amdSec/digiprovMD/mdRef",
        "El AIP no remite a metadatos de procedencia (digiprovMD/mdRef).",
        "Añada PREMIS en metadata/preservation.",
    ),
    (
        "AIPM6.absent",
        _W,
        "mets/amdSec/digiprovMD/mdRef/@MDTYPE",
        "Ninguno de los metadatos de procedencia es PREMIS.",
        "Añada PREMIS en metadata/preservation.",
    ),
    (
        "AIPM7.value",
        _W,
        "mets/amdSec/digiprovMD/mdRef/@MDTYPEVERSION",
        "PREMIS se usa en la versión «{found}»; debería ser la 3.",
        "Use PREMIS 3.",
    ),
    ("DIP1.absent", _E, "mets/@OBJID", "Falta el identificador del DIP.", "Añada OBJID."),
    ("DIP2.value", _E, "mets/@PROFILE", "PROFILE vale «{found}», que no es el perfil DIP de E-ARK.", _PROGRAM),
    ("DIP3.value", _E, "mets/metsHdr/@csip:OAISPACKAGETYPE", "El perfil es de DIP, y OAISPACKAGETYPE vale «{found}».", _PROGRAM),
    (
        "DIP4.value",
        _W,
        "mets/dmdSec/@STATUS",
        'La descripción lleva STATUS="{found}"; en un DIP debería ser CURRENT.',
        "Entregue solo descripciones vigentes.",
    ),
)
