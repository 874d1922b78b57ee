"""LibreOffice, where it is installed: a program beside this one, which makes of an office document a PDF/A-2b.

It opens hostile files, so it runs confined (ingest.tools.confinement), on a copy, with an empty profile of its own in which no macro runs,
no link is followed and nothing that a document names is fetched.
"""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ingest.tools.confinement import Confinement
from ingest.tools.process import ToolCrashed, run_confined

Options = Mapping[str, bool]
_MOST_SAID: Final = 64 << 20
_SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/bin", "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice"),
    *("/etc/fonts", "/etc/libreoffice", "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf", "/etc/localtime", "/etc/locale.alias"),
    *("/dev/urandom", "/dev/null", "/proc/filesystems"),
)
"""What a program of the system reads; no home, no data, no configuration of the archive."""
_PROFILE: Final = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Misc", "UseOpenCL", "false"),
    ("Office.Writer/Content/Update", "Link", "2"),
    ("Office.Calc/Content/Update", "Link", "1"),
    ("Office.Recovery/AutoSave", "Enabled", "false"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
"""What the profile says; where the kernel cannot keep the program from the network, a proxy that is not there does, of what it asks for."""
TWINS: Final = (
    ("Calibri", "Carlito"),
    ("Cambria", "Caladea"),
    ("Arial", "Liberation Sans"),
    ("Helvetica", "Liberation Sans"),
    ("Arial Narrow", "Liberation Sans Narrow"),
    ("Times New Roman", "Liberation Serif"),
    ("Courier New", "Liberation Mono"),
)
"""Fonts whose letters are as wide as those of another, which the program takes for it without asking (its VCL.xcu)."""
_ASKED: Final = re.compile(r'^Match Pattern .*?^\tfamily: "([^"\n]{1,120})".*?^Best score .*?^\tfamily: "([^"\n]{1,120})"', re.M | re.S)


class NotLoaded(Exception):
    """The program does not open the document: damaged, with a password, or not of its kind."""


@dataclass(frozen=True, slots=True)
class Made:
    """The file it made, and the fonts that it asked for in vain: their names, each with that of the one given in its place.

    Some are of its own and of no document: whoever tells them looks whether the document names them.
    """

    path: Path
    fonts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a document is to the program: the `extension` that its copy gets, the filter that `reads` it ("" for the one that the program
    chooses), so that no other is tried, and the `part` that opens it: `writer`, `calc` or `impress`.
    """

    extension: str
    reads: str
    part: str


FLAT: Final = Kind("fods", "OpenDocument Spreadsheet Flat XML", "calc")
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_ODF: Final = "application/vnd.oasis.opendocument."
_DOCX: Final = Kind("docx", "MS Word 2007 XML", "writer")
_XLSX: Final = Kind("xlsx", "Calc MS Excel 2007 XML", "calc")
_PPTX: Final = Kind("pptx", "Impress MS PowerPoint 2007 XML", "impress")
_RTF: Final = Kind("rtf", "Rich Text Format", "writer")
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "application/msword": Kind("doc", "", "writer"),
        "application/vnd.ms-excel": Kind("xls", "", "calc"),
        "application/vnd.ms-powerpoint": Kind("ppt", "", "impress"),
        f"{_OOXML}wordprocessingml.document": _DOCX,
        f"{_OOXML}wordprocessingml.template": _DOCX,
        "application/vnd.ms-word.document.macroenabled.12": _DOCX,
        f"{_OOXML}spreadsheetml.sheet": _XLSX,
        f"{_OOXML}spreadsheetml.template": _XLSX,
        "application/vnd.ms-excel.sheet.macroenabled.12": _XLSX,
        f"{_OOXML}presentationml.presentation": _PPTX,
        f"{_OOXML}presentationml.slideshow": _PPTX,
        "application/vnd.ms-powerpoint.presentation.macroenabled.12": _PPTX,
        f"{_ODF}text": Kind("odt", "writer8", "writer"),
        f"{_ODF}spreadsheet": Kind("ods", "calc8", "calc"),
        f"{_ODF}presentation": Kind("odp", "impress8", "impress"),
        "application/rtf": _RTF,
        "text/rtf": _RTF,
    }
)
"""By media type, what the program is asked for. It tells the versions of those of before 2007 apart by itself."""


@dataclass(frozen=True, slots=True)
class LibreOffice:
    """The program at `command`. Each time it works in `folder`, emptied first, for at most `seconds`; numbers and dates that name no
    language are of `language` (`es-CO`).
    """

    command: Path
    folder: Path
    language: str
    seconds: float

    def to_pdf(self, original: Path, kind: Kind, options: Options) -> Made:
        """Make a PDF/A-2b of `original`, which is only read; `options` are those of the export besides.

        Raises NotLoaded, or ToolTimeout or ToolCrashed.
        """
        wanted = {"SelectPdfVersion": {"type": "long", "value": "2"}}
        wanted |= {name: {"type": "boolean", "value": str(is_on).lower()} for name, is_on in options.items()}
        return self._convert(original, kind, "pdf", f"pdf:{kind.part}_pdf_Export:{json.dumps(wanted)}")

    def to_flat(self, original: Path, kind: Kind) -> Made:
        """Make one XML file (of FLAT) of a workbook. Raises as to_pdf()."""
        return self._convert(original, kind, FLAT.extension, FLAT.extension)

    def _convert(self, original: Path, kind: Kind, extension: str, target: str) -> Made:
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("profile/user", "tmp", "out"):
            (self.folder / name).mkdir(parents=True)
        document = self.folder / f"document.{kind.extension}"
        shutil.copyfile(original, document)
        _write_profile(self.folder / "profile" / "user" / "registrymodifications.xcu", self.language)
        profile = (self.folder / "profile").as_uri()
        words: list[str | Path] = [
            *(self.command, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo"),
            *([f"--infilter={kind.reads}"] if kind.reads else []),
            *("--convert-to", target, "--outdir", self.folder / "out", document),
        ]
        confinement, environment = _confinement(self.command, self.folder, self.seconds), _environment(self.folder)
        status = run_confined(words, confinement, timeout=self.seconds, folder=self.folder, environment=environment)
        made = self.folder / "out" / f"document.{extension}"
        if not made.is_file():
            raise NotLoaded if status == 0 else ToolCrashed(f"LibreOffice ended with {status}")
        return Made(made, _fonts(self.folder / "said"))


def _confinement(command: Path, folder: Path, seconds: float) -> Confinement:
    """Its own folder, wherever it is installed; and in /tmp the socket by which it would hear of another like it, without which it ends."""
    program = command.resolve().parent
    installed = program.parent if program.name == "program" else program
    sockets = ("/tmp",)  # noqa: S108 - the name that the program gives it
    return Confinement((*_SYSTEM, str(installed)), (str(folder), "/dev/null"), sockets, seconds=int(seconds))


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours; FC_DEBUG makes fontconfig say which fonts it was asked for and which it gave."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "LC_ALL": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "FC_DEBUG": "1",
    }


def _write_profile(path: Path, language: str) -> None:
    items = "".join(
        f'<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}" oor:op="fuse"><value>{escape(value)}</value></prop></item>'
        for place, name, value in (*_PROFILE, ("Setup/L10N", "ooSetupSystemLocale", language))
    )
    names = 'xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?><oor:items {names}>{items}</oor:items>', encoding="utf-8")


def _fonts(said: Path) -> tuple[tuple[str, str], ...]:
    with said.open("rb") as stream:
        text = stream.read(_MOST_SAID).decode("utf-8", "replace")
    found = {asked: given for asked, given in _ASKED.findall(text) if asked.casefold() != given.casefold()}
    return tuple(found.items())
