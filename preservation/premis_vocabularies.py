"""The Library of Congress vocabularies for preservation that PREMIS 3 draws on: codes, terms and URIs (id.loc.gov, as of 2018-09-24)."""

from collections.abc import Mapping
from typing import Final

BASE: Final = "http://id.loc.gov/vocabulary/preservation/"


def _terms(text: str) -> Mapping[str, str]:
    """Code and term of each line or `|`."""
    return {one.strip()[: one.strip().index(" ")]: one.strip().partition(" ")[2] for one in text.strip().replace("\n", "|").split("|")}


VOCABULARIES: Final[Mapping[str, Mapping[str, str]]] = {
    "eventType": _terms("""
acc accession|app appraisal|cap capture|com compression|cop compiling|cre creation|dea deaccession|dec decompression|del deletion
der decryption|dig digital signature validation|dis dissemination|dsg digital signature generation|dsp displaying|enc encryption
exe execution|exp exporting|ext extraction|ffa forensic feature analysis|fil filename change|fix fixity check|for format identification
ima imaging|ine ingestion end|ing ingestion|ins ingestion start|int interpreting|ipc information package creation
ipm information package merging|ips information package splitting|mee metadata extraction|mem metadata modification
mes message digest calculation|mig migration|mod modification|nor normalization|pac packing|poa policy assignment|prt printing
qua quarantine|rec recovery|red redaction|ref refreshment|ren rendering|rep replication|tra transfer|unp unpacking|unq unquarantine
val validation|vir virus check
"""),
    "eventOutcome": _terms("fai fail|suc success|war warning"),
    "eventRelatedAgentRole": _terms("aut authorizer|exe executing program|imp implementer|val validator"),
    "agentType": _terms("har hardware|org organization|per person|sof software"),
    "relationshipType": _terms("dep dependency|der derivation|log logical|ref reference|rep replacement|str structural"),
    "relationshipSubType": _terms("""
cmf compressed from|cmt compressed to|doc documents|dpe deploys|emu emulates|enf encrypted from|ent encrypted to|gen generalizes
hsi has sibling|hsp has part|hsr has root|hss has source|icw is compatible with|idc is documented in|idp is deployed on|iem is emulated by
inc includes|irq is required by|isi is included in|iso is source of|isp is part of|isr is represented by|iss is superseded by
rep represents|req requires|spe specializes|sup supersedes
"""),
    "cryptographicHashFunctions": _terms("""
adler Adler-32|crc32 CRC32|haval HAVAL|md2 MD2|md5 MD5|mnp MNP|sha1 SHA-1|sha256 SHA-256|sha384 SHA-384|sha512 SHA-512|tiger TIGER
unk unknown|whirl Whirlpool
"""),
    "rightsBasis": _terms("cop copyright|ins institutional policy|lic license|oth other|sta statute"),
    "copyrightStatus": _terms("cpr copyrighted|pub public domain|unk unknown"),
    "actionsGranted": _terms("del delete|dis disseminate|mig migrate|mod modify|rep replicate|use use"),
}
"""Terms by code, by vocabulary. `actionsGranted` is deprecated there in favour of `eventType`, and still met."""
ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in ("eventType", "eventOutcome", "agentType", "relationshipType", "relationshipSubType", "rightsBasis")},
    "copyrightStatus": ("copyrightStatus",),
    "messageDigestAlgorithm": ("cryptographicHashFunctions",),
    "linkingAgentRole": ("eventRelatedAgentRole",),
    "act": ("eventType", "actionsGranted"),
}
"""The vocabularies that the text of an element of PREMIS is taken from."""


def code_of(vocabulary: str, term: str) -> str | None:
    """The code of a term, capitals, spaces and hyphens apart (`sha256` is `SHA-256`); None if the vocabulary has none such."""
    return _CODES[vocabulary].get(_plain(term))


def same_term(one: str, other: str) -> bool:
    """Whether two texts are one term, but for capitals, spaces and hyphens."""
    return _plain(one) == _plain(other)


def _plain(term: str) -> str:
    return term.casefold().replace("-", "").replace(" ", "").strip()


_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    name: {_plain(term): code for code, term in reversed([*terms.items()])} for name, terms in VOCABULARIES.items()
}
"""Codes by term as it is compared; of two that compare alike the first of the vocabulary."""


def uri_of(vocabulary: str, code: str) -> str:
    """The URI of a term."""
    return f"{BASE}{vocabulary}/{code}"
