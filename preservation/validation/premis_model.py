"""PREMIS 3.0 as a model: what the schema of the Library of Congress allows, told again as data of our own."""

from collections.abc import Mapping
from typing import Final

from preservation.premis import NAMESPACE
from preservation.validation.xml_model import ANY, Kind, Model, Values

_ENTITY: Final[Mapping[str, Values]] = {"xmlID": "id", "version": ("3.0",)}
_LINKED: Final[Mapping[str, Values]] = {"simpleLink": "uri"}
_AUTHORITY: Final[Mapping[str, Values]] = {"authority": "string", "authorityURI": "uri", "valueURI": "uri"}
_LINKS: Final = "relationship* linkingEventIdentifier* linkingRightsStatementIdentifier*"
_ABOUT: Final = "preservationLevel* significantProperties*"

_IDENTIFIERS: Final = {
    "agentIdentifier": ("", None),
    "contentLocation": ("", None),
    "eventIdentifier": ("", None),
    "objectIdentifier": ("", None),
    "rightsStatementIdentifier": ("", None),
    "linkingAgentIdentifier": ("linkingAgentRole*", "LinkAgentXmlID"),
    "linkingEnvironmentIdentifier": ("linkingEnvironmentRole*", "LinkEventXmlID"),
    "linkingEventIdentifier": ("", "LinkEventXmlID"),
    "linkingObjectIdentifier": ("linkingObjectRole*", "LinkObjectXmlID"),
    "linkingRightsStatementIdentifier": ("", "LinkPermissionStatementXmlID"),
    "relatedEventIdentifier": ("relatedEventSequence?", "RelEventXmlID"),
    "relatedObjectIdentifier": ("relatedObjectSequence?", "RelObjectXmlID"),
}
"""Elements made of a type and a value: what may follow these, and the attribute that refers to the same by xmlID."""
_DOCUMENTATION: Final = ("copyright", "license", "otherRights", "statute")

_TEXTS: Final = """
agentNote agentVersion copyrightNote creatingApplicationVersion environmentDesignationExtension environmentDesignationNote
environmentFunctionLevel environmentOrigin environmentRegistryKey environmentRegistryName environmentVersion eventDateTime eventDetail
eventOutcomeDetailNote formatNote formatVersion inhibitorKey licenseNote licenseTerms linkingEnvironmentIdentifierType messageDigest
otherRightsNote preservationLevelRationale rightsGrantedNote signatureProperties signatureValue significantPropertiesValue statuteNote
copyrightStatusDeterminationDate dateCreatedByApplication endDate preservationLevelDateAssigned startDate
statuteInformationDeterminationDate
"""
_TERMS: Final = """
act agentName agentType copyrightJurisdiction copyrightStatus creatingApplicationName environmentFunctionType environmentName
environmentRegistryRole eventOutcome eventType formatName formatRegistryKey formatRegistryName formatRegistryRole inhibitorTarget
inhibitorType linkingAgentRole linkingEnvironmentRole linkingObjectRole messageDigestAlgorithm messageDigestOriginator otherRightsBasis
preservationLevelRole preservationLevelType preservationLevelValue relatedEnvironmentCharacteristic relatedEnvironmentPurpose
relationshipSubType relationshipType restriction rightsBasis signatureEncoding signatureMethod signatureValidationRules signer
significantPropertiesType statuteCitation statuteJurisdiction storageMedium
"""
_EXTENSIONS: Final = """
agentExtension creatingApplicationExtension environmentExtension eventDetailExtension eventOutcomeDetailExtension keyInformation
objectCharacteristicsExtension rightsExtension signatureInformationExtension significantPropertiesExtension
"""
_DATES: Final = ("copyrightApplicableDates", "licenseApplicableDates", "otherRightsApplicableDates", "statuteApplicableDates")


def _identifiers() -> Mapping[str, Kind]:
    kinds: dict[str, Kind] = {}
    for name, (more, reference) in _IDENTIFIERS.items():
        attributes: dict[str, Values] = {**_LINKED} if reference is None else {**_LINKED, reference: "idref"}
        kinds[name] = Kind(f"{name}Type {name}Value {more}", attributes)
        kinds[f"{name}Type"], kinds[f"{name}Value"] = Kind(attributes=_AUTHORITY, text="string"), Kind(text="string")
    for right in _DOCUMENTATION:
        name = f"{right}DocumentationIdentifier"
        kinds[name] = Kind(f"{name}Type {name}Value {right}DocumentationRole?")
        kinds[f"{name}Type"] = kinds[f"{right}DocumentationRole"] = Kind(attributes=_AUTHORITY, text="string")
        kinds[f"{name}Value"] = Kind(text="string")
    return kinds


MODEL: Final = Model.of(
    NAMESPACE,
    {
        **_identifiers(),
        **dict.fromkeys(_TERMS.split(), Kind(attributes=_AUTHORITY, text="string")),
        **dict.fromkeys(_TEXTS.split(), Kind(text="string")),
        **dict.fromkeys(_EXTENSIONS.split(), Kind(ANY)),
        **dict.fromkeys((*_DATES, "termOfGrant", "termOfRestriction"), Kind("startDate endDate?")),
        **dict.fromkeys(("relatedEventSequence", "relatedObjectSequence"), Kind(text="natural")),
        "premis": Kind("object+ event* agent* rights*", {"version!": ("3.0",)}),
        "object[file]": Kind(
            f"objectIdentifier+ {_ABOUT} objectCharacteristics+ originalName? storage* signatureInformation* {_LINKS}", _ENTITY
        ),
        "object[representation]": Kind(f"objectIdentifier+ {_ABOUT} originalName? storage* {_LINKS}", _ENTITY),
        "object[bitstream]": Kind(
            f"objectIdentifier+ significantProperties* objectCharacteristics+ storage* signatureInformation* {_LINKS}", _ENTITY
        ),
        "object[intellectualEntity]": Kind(
            f"objectIdentifier+ {_ABOUT} originalName? environmentFunction* environmentDesignation* environmentRegistry*"
            f" environmentExtension* {_LINKS}",
            _ENTITY,
        ),
        "event": Kind(
            "eventIdentifier eventType eventDateTime eventDetailInformation* eventOutcomeInformation* linkingAgentIdentifier*"
            " linkingObjectIdentifier*",
            _ENTITY,
        ),
        "agent": Kind(
            "agentIdentifier+ agentName* agentType? agentVersion? agentNote* agentExtension* linkingEventIdentifier*"
            " linkingRightsStatementIdentifier* linkingEnvironmentIdentifier*",
            _ENTITY,
        ),
        "rights": Kind("(rightsStatement|rightsExtension)+", _ENTITY),
        "compositionLevel": Kind(attributes={"unknown": ("yes",)}, text="natural"),
        "originalName": Kind(attributes=_LINKED, text="string"),
        "size": Kind(text="int"),
        "creatingApplication": Kind(
            "(creatingApplicationName creatingApplicationVersion? dateCreatedByApplication? creatingApplicationExtension*"
            "|creatingApplicationVersion dateCreatedByApplication? creatingApplicationExtension*"
            "|dateCreatedByApplication creatingApplicationExtension*|creatingApplicationExtension+)"
        ),
        "copyrightInformation": Kind(
            "copyrightStatus copyrightJurisdiction copyrightStatusDeterminationDate? copyrightNote* copyrightDocumentationIdentifier*"
            " copyrightApplicableDates?"
        ),
        "environmentDesignation": Kind(
            "environmentName environmentVersion? environmentOrigin? environmentDesignationNote* environmentDesignationExtension*"
        ),
        "environmentFunction": Kind("environmentFunctionType environmentFunctionLevel"),
        "environmentRegistry": Kind("environmentRegistryName environmentRegistryKey environmentRegistryRole?"),
        "eventDetailInformation": Kind("eventDetail? eventDetailExtension*"),
        "eventOutcomeDetail": Kind("(eventOutcomeDetailNote eventOutcomeDetailExtension*|eventOutcomeDetailExtension+)"),
        "eventOutcomeInformation": Kind("(eventOutcome eventOutcomeDetail*|eventOutcomeDetail+)"),
        "fixity": Kind("messageDigestAlgorithm messageDigest messageDigestOriginator?"),
        "format": Kind("(formatDesignation formatRegistry?|formatRegistry) formatNote*"),
        "formatDesignation": Kind("formatName formatVersion?"),
        "formatRegistry": Kind("formatRegistryName formatRegistryKey formatRegistryRole?", _LINKED),
        "inhibitors": Kind("inhibitorType inhibitorTarget* inhibitorKey?"),
        "licenseInformation": Kind(
            "(licenseDocumentationIdentifier+ licenseTerms? licenseNote* licenseApplicableDates?"
            "|licenseTerms licenseNote* licenseApplicableDates?|licenseNote+ licenseApplicableDates?|licenseApplicableDates)"
        ),
        "objectCharacteristics": Kind(
            "compositionLevel? fixity* size? format+ creatingApplication* inhibitors* objectCharacteristicsExtension*"
        ),
        "otherRightsInformation": Kind("otherRightsDocumentationIdentifier* otherRightsBasis otherRightsApplicableDates? otherRightsNote*"),
        "preservationLevel": Kind(
            "preservationLevelType? preservationLevelValue preservationLevelRole? preservationLevelRationale*"
            " preservationLevelDateAssigned?"
        ),
        "relationship": Kind(
            "relationshipType relationshipSubType relatedObjectIdentifier+ relatedEventIdentifier* relatedEnvironmentPurpose*"
            " relatedEnvironmentCharacteristic?"
        ),
        "rightsGranted": Kind("act restriction* termOfGrant? termOfRestriction? rightsGrantedNote*"),
        "rightsStatement": Kind(
            "rightsStatementIdentifier rightsBasis copyrightInformation? licenseInformation? statuteInformation*"
            " otherRightsInformation? rightsGranted* linkingObjectIdentifier* linkingAgentIdentifier*"
        ),
        "signature": Kind(
            "signatureEncoding signer? signatureMethod signatureValue signatureValidationRules signatureProperties* keyInformation*"
        ),
        "signatureInformation": Kind("(signature signatureInformationExtension*|signatureInformationExtension+)"),
        "significantProperties": Kind(
            "(significantPropertiesType significantPropertiesValue? significantPropertiesExtension*"
            "|significantPropertiesValue significantPropertiesExtension*|significantPropertiesExtension+)"
        ),
        "statuteInformation": Kind(
            "statuteJurisdiction statuteCitation statuteInformationDeterminationDate? statuteNote* statuteDocumentationIdentifier*"
            " statuteApplicableDates?"
        ),
        "storage": Kind("(contentLocation storageMedium?|storageMedium)"),
    },
)
