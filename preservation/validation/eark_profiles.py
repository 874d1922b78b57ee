"""What the E-ARK profiles of SIP, AIP and DIP ask of the package's METS beyond CSIP."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from preservation.findings import Finding
from preservation.validation.eark_rules import found
from preservation.validation.eark_vocabularies import CSIP, RECORD_STATUSES
from preservation.validation.mets_model import NAMESPACE
from preservation.validation.xml_reading import line_of

_M: Final = f"{{{NAMESPACE}}}"
_COMMON: Final = re.compile(r"https?://earkcsip\.dilcis\.eu/.*")
_KNOWN: Final = {
    "SIP": re.compile(r"https?://earksip\.dilcis\.eu/profile/E-ARK-SIP(-v\d-\d-\d)?(\.xml)?"),
    "AIP": re.compile(r"https?://eark[ad]ip\.dilcis\.eu/profile/E-ARK-AIP(-v\d-\d-\d)?(\.xml)?"),
    "DIP": re.compile(r"https?://earkdip\.dilcis\.eu/profile/E-ARK-DIP(-v\d-\d-\d)?(\.xml)?"),
}
_PROFILE_RULES: Final = {"SIP": ("SIP2.value", "SIP4.value"), "AIP": ("AIPM2.value", "AIPM3.value"), "DIP": ("DIP2.value", "DIP3.value")}


def kind_of(root: etree._Element) -> str | None:
    """SIP, AIP or DIP: what its profile says, else what its header does; None for what is neither."""
    profile = root.get("PROFILE") or ""
    for kind, known in _KNOWN.items():
        if known.fullmatch(profile):
            return kind
    header = root.find(f"{_M}metsHdr")
    said = header.get(f"{{{CSIP}}}OAISPACKAGETYPE") if header is not None else None
    return said if said in _KNOWN else None


def profile_findings(root: etree._Element, where: str) -> Iterator[Finding]:
    """A package that claims only the common profile is held to no other, whatever its header says it is."""
    kind = kind_of(root)
    if kind is None:
        return
    profile = root.get("PROFILE") or ""
    if _COMMON.fullmatch(profile):
        yield found("profile.common", where, found=kind)
        return
    header = root.find(f"{_M}metsHdr")
    said = (header.get(f"{{{CSIP}}}OAISPACKAGETYPE") if header is not None else None) or ""
    by_profile, by_type = _PROFILE_RULES[kind]
    if not _KNOWN[kind].fullmatch(profile):
        yield found(by_profile, where, found=profile)
    if said != kind:
        yield found(by_type, where, found=said)
    if kind == "SIP":
        yield from _sip(header, where)
    elif not (root.get("OBJID") or "").strip():
        yield found("AIPM1.absent" if kind == "AIP" else "DIP1.absent", where)
    sections = root.findall(f"{_M}dmdSec")
    if kind == "AIP":
        if sections and not any(section.get("STATUS") == "CURRENT" for section in sections):
            yield found("AIPM4.absent", where)
        yield from _provenance(root.findall(f"{_M}amdSec/{_M}digiprovMD/{_M}mdRef"), where)
    elif kind == "DIP":
        for section in sections:
            if section.get("STATUS") != "CURRENT":
                yield found("DIP4.value", f"{where}:{line_of(section)}", found=section.get("STATUS") or "")


def _provenance(references: Sequence[etree._Element], where: str) -> Iterator[Finding]:
    premis = [reference for reference in references if (reference.get("MDTYPE") or "").startswith("PREMIS")]
    if not references:
        yield found("AIPM5.absent", where)
    elif not premis:
        yield found("AIPM6.absent", where)
    for reference in premis:
        version = reference.get("MDTYPEVERSION") or ""
        if not version.startswith("3"):
            yield found("AIPM7.value", f"{where}:{line_of(reference)}", found=version)


def _sip(header: etree._Element | None, where: str) -> Iterator[Finding]:
    if header is None:
        return
    status = header.get("RECORDSTATUS")
    if status is not None and status not in RECORD_STATUSES:
        yield found("SIP3.value", where, found=status)
    kinds = [one.get("TYPE") for one in header.findall(f"{_M}altRecordID")]
    for name, kind in (("SIP5.several", "SUBMISSIONAGREEMENT"), ("SIP7.several", "REFERENCECODE")):
        if kinds.count(kind) > 1:
            yield found(name, where)
    agents = [agent for agent in header.findall(f"{_M}agent") if agent.get("OTHERTYPE") != "SOFTWARE"]
    submitting = [agent for agent in agents if agent.get("ROLE") == "CREATOR"]
    if not submitting:
        yield found("SIP15.absent", where)
    for agent in submitting:
        yield from _agent(agent, where, "SIP17.value", "SIP18.absent", "SIP20.value", people=True)
    for agent in agents:
        if agent.get("ROLE") == "ARCHIVIST":
            yield from _agent(agent, where, "SIP11.value", "SIP12.absent", "SIP14.value", people=True)
        elif agent.get("ROLE") == "PRESERVATION":
            yield from _agent(agent, where, "SIP28.value", "SIP29.absent", "SIP31.value", people=False)


def _agent(agent: etree._Element, where: str, typed: str, named: str, noted: str, *, people: bool) -> Iterator[Finding]:
    """An agent's type, name and note. A person's notes may be ways to reach them (SIP25), so only an organization's are held to a type."""
    place = f"{where}:{line_of(agent)}"
    kind = agent.get("TYPE") or ""
    if kind not in (("ORGANIZATION", "INDIVIDUAL") if people else ("ORGANIZATION",)):
        yield found(typed, place, found=kind)
    if not any((name.text or "").strip() for name in agent.findall(f"{_M}name")):
        yield found(named, place)
    if kind == "ORGANIZATION" and any(note.get(f"{{{CSIP}}}NOTETYPE") != "IDENTIFICATIONCODE" for note in agent.findall(f"{_M}note")):
        yield found(noted, place)
