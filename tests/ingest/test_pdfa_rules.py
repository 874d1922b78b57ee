"""One PDF/A that conforms, and one thing spoiled in it: the clause that asks for it is told, and no other."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String, pdfa

from ingest.tools.process import ToolBox

Change = Callable[[pikepdf.Pdf], None]
SQUARE = b"0 0 9 9 re f"
RGB = b"1 0 0 rg " + SQUARE


def made(change: Change = lambda document: None, flavour: str = "2b") -> bytes:
    """A PDF/A of one page, then changed."""
    written, out = io.BytesIO(), io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(595, 842))
        pdfa.save(document, written, flavour)
    written.seek(0)
    with pikepdf.open(written, inherit_page_attributes=False) as document:
        change(document)
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False, fix_metadata_version=False)
    return out.getvalue()


@pytest.fixture
def clauses(tools: ToolBox, tmp_path: Path) -> Callable[[bytes, str], set[str]]:
    """The clauses that a PDF breaks, held to a flavour; `undecided` among them where something was not judged."""

    def clauses(content: bytes, flavour: str) -> set[str]:
        (tmp_path / "made.pdf").write_bytes(content)
        answer: dict[str, Any] = tools.call("pdfa", "judge", timeout=60, path=str(tmp_path / "made.pdf"), flavour=flavour)
        undecided = {"undecided"} if answer["verdict"] == "undecided" else set()
        return {clause for clause, _ in answer["breaches"]} | undecided

    return clauses


def drawing(content: bytes, **resources: Callable[[pikepdf.Pdf], pikepdf.Object]) -> Change:
    """Contents of the page, and its resources: each of a category, under the name A."""

    def change(document: pikepdf.Pdf) -> None:
        page = document.pages[0].obj
        page.Contents = document.make_stream(content)
        page.Resources = Dictionary({f"/{category}": Dictionary(A=make(document)) for category, make in resources.items()})

    return change


def without_intent(change: Change) -> Change:
    def changed(document: pikepdf.Pdf) -> None:
        del document.Root.OutputIntents
        change(document)

    return changed


def intent(**changes: Any) -> Change:
    """The profile of the output intent with bytes changed: each by its place."""

    def change(document: pikepdf.Pdf) -> None:
        profile = document.Root.OutputIntents[0].DestOutputProfile
        content = bytearray(profile.read_bytes())
        for place, value in changes.items():
            content[int(place[1:]) : int(place[1:]) + len(value)] = value
        profile.write(bytes(content))

    return change


def state(**keys: Any) -> Change:
    return drawing(b"/A gs", ExtGState=lambda document: Dictionary({f"/{key}": value for key, value in keys.items()}))


def image(**keys: Any) -> Change:
    def make(document: pikepdf.Pdf) -> pikepdf.Object:
        told = {"Type": Name.XObject, "Subtype": Name.Image, "Width": 1, "Height": 1, "ColorSpace": Name.DeviceRGB, "BitsPerComponent": 8}
        return Stream(document, bytes(3), {f"/{key}": value for key, value in {**told, **keys}.items()})

    return drawing(b"/A Do", XObject=make)


def form(content: bytes, **keys: Any) -> Change:
    def make(document: pikepdf.Pdf) -> pikepdf.Object:
        told = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": Array([0, 0, 9, 9]), "Resources": Dictionary(), **keys}
        return Stream(document, content, {f"/{key}": value for key, value in told.items()})

    return drawing(b"/A Do", XObject=make)


def space(*parts: Any, operands: bytes = b"0", then: bytes = SQUARE) -> Change:
    return drawing(b"/A cs " + operands + b" scn " + then, ColorSpace=lambda document: Array(list(parts)))


TINT = Dictionary(FunctionType=2, Domain=[0, 1], C0=[0, 0, 0], C1=[1, 0, 0], N=1)


def tint(document: pikepdf.Pdf, inputs: int) -> pikepdf.Object:
    keys = {"/FunctionType": 4, "/Domain": Array([0, 1] * inputs), "/Range": Array([0, 1] * 3)}
    return Stream(document, b"{" + b"pop " * inputs + b"0 0 0}", keys)


def device_n(names: list[str], *, described: bool) -> Change:
    def make(document: pikepdf.Pdf) -> pikepdf.Object:
        function = tint(document, len(names))
        each = {f"/{name}": Array([Name.Separation, Name(f"/{name}"), Name.DeviceRGB, TINT]) for name in names}
        attributes = [Dictionary(Colorants=Dictionary(each))] if described else []
        return Array([Name.DeviceN, Array([Name(f"/{name}") for name in names]), Name.DeviceRGB, function, *attributes])

    return drawing(b"/A cs " + b"0 " * len(names) + b"scn " + SQUARE, ColorSpace=make)


def annotation(subtype: str = "/Square", **keys: Any) -> Change:
    """An annotation that conforms, but for the keys given: None takes one away, and a function makes a value of the document."""

    def change(document: pikepdf.Pdf) -> None:
        appearance = Dictionary(N=Stream(document, b"", {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 9, 9])}))
        told: dict[str, Any] = {"Type": Name.Annot, "Subtype": Name(subtype), "Rect": Array([0, 0, 9, 9]), "F": 4, "AP": appearance, **keys}
        kept = {f"/{key}": value(document) if callable(value) else value for key, value in told.items() if value is not None}
        holder = document.make_indirect(Dictionary(kept))
        document.pages[0].obj.Annots = Array([holder])
        if subtype == "/Widget":
            document.Root.AcroForm = Dictionary(Fields=Array([holder]))

    return change


def catalogue(**keys: Any) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        for key, value in keys.items():
            document.Root[f"/{key}"] = value(document) if callable(value) else value

    return change


def page(**keys: Any) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        for key, value in keys.items():
            document.pages[0].obj[f"/{key}"] = value

    return change


def attached(content: Callable[[], bytes], relation: bool = True, names: tuple[str, ...] = ("/F", "/UF"), **keys: Any) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        told = {"/Type": Name.EmbeddedFile, "/Subtype": Name("/application/pdf"), **{f"/{key}": value for key, value in keys.items()}}
        stream = Stream(document, content(), told)
        spec = {"/Type": Name.Filespec, "/EF": Dictionary(F=stream), **{name: String("a.pdf") for name in names}}
        if relation:
            spec["/AFRelationship"] = Name.Source
        holder = document.make_indirect(Dictionary(spec))
        document.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a.pdf"), holder])))
        if relation:
            document.Root.AF = Array([holder])

    return change


def layers(**keys: Any) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        group = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("uno")))
        told = {"/Name": String("capas"), "/Order": Array([group]), **{f"/{key}": value for key, value in keys.items()}}
        document.Root.OCProperties = Dictionary(
            OCGs=Array([group]), D=Dictionary({key: value for key, value in told.items() if value is not None})
        )

    return change


def type_3(width: int) -> Change:
    def make(document: pikepdf.Pdf) -> pikepdf.Object:
        return Dictionary(
            Type=Name.Font,
            Subtype=Name.Type3,
            FontBBox=Array([0, 0, 1000, 1000]),
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]),
            CharProcs=Dictionary(a=Stream(document, b"500 0 0 0 500 500 d1 0 0 500 500 re f")),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([97, Name("/a")])),
            FirstChar=97,
            LastChar=97,
            Widths=Array([width]),
            Resources=Dictionary(),
        )

    return drawing(b"BT /A 9 Tf (a) Tj ET", Font=make)


def jpeg_2000(**changes: Any) -> Change:
    """A picture whose boxes say so; its data are nothing."""
    told = {"channels": 3, "depth": 7, "method": 1, "space": 16, "copies": 1, "bpcc": b"", **changes}

    def box(kind: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4, "big") + kind + body

    size = bytes(7) + b"\x01" + told["channels"].to_bytes(2, "big") + bytes([told["depth"], 7, 0, 0])
    colour = box(b"colr", bytes([told["method"], 0, 0]) + told["space"].to_bytes(4, "big")) * told["copies"]
    header = box(b"jp2h", box(b"ihdr", size) + (box(b"bpcc", told["bpcc"]) if told["bpcc"] else b"") + colour)

    def make(document: pikepdf.Pdf) -> pikepdf.Object:
        keys = {"/Type": Name.XObject, "/Subtype": Name.Image, "/Width": 1, "/Height": 1, "/Filter": Name.JPXDecode}
        return Stream(document, box(b"jP  ", b"\r\n\x87\n") + header, keys)

    return drawing(b"/A Do", XObject=make)


CONFORMING: list[tuple[str, str, Change]] = [
    ("device colour of the output intent", "2b", drawing(RGB)),
    ("device colour of the output intent", "1b", drawing(RGB)),
    ("no output intent and no device colour", "2b", without_intent(drawing(b"0 0 9 9 re n"))),
    ("overprinting", "2b", state(OP=True, OPM=1)),
    ("transparency", "2b", state(ca=0.5, BM=Name.Multiply)),
    ("opaque", "1b", state(ca=1, CA=1.0, BM=Name.Normal, SMask=Name("/None"))),
    ("a halftone", "2b", state(HT=Dictionary(HalftoneType=1, Frequency=60, Angle=45, SpotFunction=Name.Round))),
    ("an image", "1b", image(Interpolate=False, Intent=Name.Perceptual)),
    ("a form", "1b", form(RGB)),
    ("a spot colour", "2b", space(Name.Separation, Name.Oro, Name.DeviceRGB, TINT)),
    ("two spot colours, described", "2b", device_n(["Oro", "Plata"], described=True)),
    (
        "a pattern",
        "2b",
        drawing(b"/Pattern cs /A scn " + SQUARE, Pattern=lambda d: Stream(d, RGB, {"/PatternType": 1, "/Resources": Dictionary()})),
    ),
    ("an annotation", "1b", annotation()),
    ("an annotation", "2b", annotation()),
    ("a form to fill in", "2b", catalogue(AcroForm=Dictionary(Fields=Array()))),
    ("layers", "2b", layers()),
    ("a PDF/A inside", "2b", attached(made)),
    ("any file inside", "3b", attached(lambda: b"x")),
    ("a glyph that is drawn", "2b", type_3(500)),
    ("JPEG 2000", "2b", jpeg_2000()),
    ("an address", "2b", annotation("/Link", A=Dictionary(S=Name.URI, URI=String("https://bogota.gov.co")))),
]


@pytest.mark.parametrize(
    ("flavour", "change"), [pytest.param(flavour, change, id=f"{what} {flavour}") for what, flavour, change in CONFORMING]
)
def test_what_the_standard_allows_is_let_pass(clauses: Callable[[bytes, str], set[str]], flavour: str, change: Change) -> None:
    assert clauses(made(change, flavour), flavour) == set()


BROKEN: list[tuple[str, str, Change]] = [
    ("2b", "6.1.12", catalogue(Perms=Dictionary(Otro=Dictionary()))),
    ("2b", "6.1.12", catalogue(Perms=Dictionary(DocMDP=Dictionary(Reference=Array([Dictionary(DigestMethod=Name.MD5)]))))),
    ("2b", "6.1.13", drawing(b"0 2147483648 m n")),
    ("2b", "6.1.13", drawing(b"(" + b"x" * 32768 + b") 0 0 m n")),
    ("1b", "6.1.12", drawing(b"32768.5 0 m n")),
    ("2b", "6.1.13", page(MediaBox=Array([0, 0, 2, 842]))),
    ("2b", "6.1.13", drawing(b"q " * 29 + b"Q " * 29)),
    ("1b", "6.1.12", drawing(b"q " * 29 + b"Q " * 29)),
    ("1b", "6.1.12", device_n([f"C{number}" for number in range(9)], described=True)),
    ("1b", "6.1.13", layers()),
    ("1b", "6.2.2", intent(_12=b"scnr")),
    ("2b", "6.2.3", intent(_8=b"\x05")),
    ("1b", "6.2.3.3", without_intent(drawing(SQUARE))),
    ("2b", "6.2.4.3", without_intent(drawing(RGB))),
    ("2b", "6.2.4.3", drawing(b"0 0 0 0 k " + SQUARE)),
    ("1b", "6.2.3.3", image(ColorSpace=Name.DeviceCMYK)),
    ("2b", "6.2.4.3", form(b"0 0 0 1 K 0 0 m 9 9 l S")),
    ("2b", "6.2.4.3", drawing(b"BI /W 1 /H 1 /BPC 8 /CS /CMYK ID \0\0\0\0 EI")),
    ("2b", "6.2.4.3", space(Name.Separation, Name.Oro, Name.DeviceCMYK, TINT)),
    ("2b", "6.2.4.3", drawing(b"/A sh", Shading=lambda document: Dictionary(ShadingType=2, ColorSpace=Name.DeviceCMYK))),
    ("2b", "6.2.4.4", device_n(["Oro", "Plata"], described=False)),
    ("1b", "6.2.4", image(Interpolate=True)),
    ("2b", "6.2.8", image(BitsPerComponent=5)),
    ("2b", "6.2.8", image(Alternates=Array())),
    ("2b", "6.2.6", image(Intent=Name.Vistoso)),
    ("1b", "6.2.9", drawing(b"/Vistoso ri")),
    ("2b", "6.1.10", drawing(b"BI /W 1 /H 1 /BPC 8 /CS /RGB /F /LZW ID \x80\x0b\x60\x50\x22\x0c\x0c\x85\x01 EI")),
    ("2b", "6.2.8.3", jpeg_2000(channels=2)),
    ("2b", "6.2.8.3", jpeg_2000(space=19)),
    ("2b", "6.2.8.3", jpeg_2000(method=4)),
    ("2b", "6.2.8.3", jpeg_2000(copies=2)),
    ("2b", "6.2.8.3", jpeg_2000(bpcc=b"\x07\x07\x07")),
    ("1b", "6.2.5", form(b"", Subtype2=Name.PS)),
    ("2b", "6.2.9", form(b"", OPI=Dictionary())),
    ("1b", "6.2.6", form(b"", Ref=Dictionary())),
    ("2b", "6.2.2", drawing(b"nada")),
    ("1b", "6.2.10", drawing(b"BX nada EX")),
    ("1b", "6.2.8", state(TR=Name.Identity)),
    ("2b", "6.2.5", state(TR2=Name.Identity)),
    ("2b", "6.2.5", state(HTP=Array([0, 0]))),
    ("2b", "6.2.5", state(HT=Dictionary(HalftoneType=6))),
    ("2b", "6.2.5", state(HT=Dictionary(HalftoneType=1, HalftoneName=String("uno")))),
    ("1b", "6.4", state(ca=0.5)),
    ("1b", "6.4", state(BM=Name.Multiply)),
    ("1b", "6.4", form(b"", Group=Dictionary(S=Name.Transparency))),
    ("2b", "6.2.10", state(BM=Name.Otro)),
    ("2b", "6.2.10", without_intent(state(ca=0.5))),
    ("1b", "6.3.6", type_3(600)),
    ("2b", "6.2.11.5", type_3(600)),
    ("1b", "6.5.2", annotation("/FileAttachment")),
    ("2b", "6.3.1", annotation("/Sound")),
    ("1b", "6.5.3", annotation(F=None)),
    ("2b", "6.3.2", annotation(F=2)),
    ("1b", "6.5.3", annotation(CA=0.5)),
    ("2b", "6.3.3", annotation(AP=None)),
    ("2b", "6.3.3", annotation("/Widget", FT=Name.Btn)),
    ("1b", "6.9", annotation("/Widget", AP=None)),
    ("1b", "6.6.1", annotation("/Link", A=Dictionary(S=Name.Launch))),
    ("2b", "6.5.1", annotation("/Link", A=Dictionary(S=Name.Named, N=Name.Print))),
    ("2b", "6.5.1", catalogue(OpenAction=Dictionary(S=Name.GoTo, Next=Dictionary(S=Name.JavaScript)))),
    ("1b", "6.6.2", catalogue(AA=Dictionary())),
    ("2b", "6.5.2", page(AA=Dictionary())),
    ("1b", "6.6.1", annotation("/Widget", A=Dictionary(S=Name.URI))),
    ("2b", "6.4.1", annotation("/Widget", AA=Dictionary())),
    ("2b", "6.4.1", catalogue(AcroForm=Dictionary(Fields=Array(), NeedAppearances=True))),
    ("2b", "6.4.2", catalogue(AcroForm=Dictionary(Fields=Array(), XFA=Array()))),
    (
        "2b",
        "6.4.3",
        catalogue(
            AcroForm=lambda d: Dictionary(
                Fields=Array(
                    [d.make_indirect(Dictionary(FT=Name.Sig, T=String("f"), V=Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3]))))]
                )
            )
        ),
    ),
    ("1b", "6.1.11", attached(lambda: b"x")),
    ("2b", "6.8", attached(lambda: b"x")),
    ("2b", "6.8", attached(made, names=("/F",))),
    ("3b", "6.8", attached(lambda: b"x", relation=False)),
    ("3b", "6.8", attached(lambda: b"x", Subtype=Name("/pdf"))),
    ("2b", "6.9", layers(Name=None)),
    ("2b", "6.9", layers(AS=Array())),
    ("2b", "6.9", layers(Order=Array())),
    ("2b", "6.10", page(PresSteps=Dictionary())),
    ("2b", "6.11", catalogue(Requirements=Array())),
]


@pytest.mark.parametrize(
    ("flavour", "clause", "change"), [pytest.param(*each, id=f"{each[0]} {each[1]} {number}") for number, each in enumerate(BROKEN)]
)
def test_what_is_spoiled_is_told_with_its_clause(
    clauses: Callable[[bytes, str], set[str]], flavour: str, clause: str, change: Change
) -> None:
    assert clauses(made(change, flavour), flavour) == {clause}


@pytest.mark.parametrize(
    ("flavour", "clause", "before", "after"),
    [
        ("2b", "6.1.2", b"%PDF-1.5\n", b"%PDF-1.5\n\n"),
        ("1b", "6.1.4", b"xref\n0 ", b"xref\n0  "),
        ("2b", "6.1.4", b"xref\n0 ", b"xref\n\n0 "),
        ("1b", "6.7.9", b"<pdfaid:part>1</pdfaid:part>", b"<pdfaid:part>1</pdfaid:part><pdfaid:corr>2011</pdfaid:corr>"),
        ("2b", "6.6.4", b"<pdfaid:conformance>B<", b"<pdfaid:conformance>R<"),
        ("1b", "6.7.11", b"<pdfaid:conformance>B</pdfaid:conformance>", b""),
    ],
)
def test_what_its_bytes_say_is_told_with_its_clause(
    clauses: Callable[[bytes, str], set[str]], flavour: str, clause: str, before: bytes, after: bytes
) -> None:
    content = made(flavour=flavour)
    assert before in content
    assert clause in clauses(content.replace(before, after), flavour)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_metadata_of_part_1_are_read_in_any_encoding_of_unicode_and_those_of_part_2_in_utf_8(
    clauses: Callable[[bytes, str], set[str]], encoding: str
) -> None:
    def change(document: pikepdf.Pdf) -> None:
        packet = document.Root.Metadata.read_bytes().decode()
        document.Root.Metadata.write(packet.encode(encoding))

    assert clauses(made(change, "1b"), "1b") == set()
    assert "6.6.2.1" in clauses(made(change, "2b"), "2b")


@pytest.mark.parametrize(
    ("told", "same"), [("D:20260102", False), ("D:20260102030405", True), ("D:20260102030405Z", True), ("D:20260102040405+01'00'", True)]
)
def test_dates_of_part_1_are_the_same_instant_in_both_places(clauses: Callable[[bytes, str], set[str]], told: str, same: bool) -> None:
    def change(document: pikepdf.Pdf) -> None:
        with document.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["xmp:CreateDate"] = "2026-01-02T03:04:05Z"
        document.docinfo["/CreationDate"] = String(told)

    assert clauses(made(change, "1b"), "1b") == (set() if same else {"6.7.3"})


def test_what_is_inherited_from_the_page_tree_is_told(clauses: Callable[[bytes, str], set[str]]) -> None:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].obj.Contents = document.make_stream(b"/A gs")
        del document.pages[0].obj.Resources
        document.Root.Pages.Resources = Dictionary(ExtGState=Dictionary(A=Dictionary(Type=Name.ExtGState)))

    assert clauses(made(change), "2b") == {"6.2.2"}
    assert clauses(made(change, "1b"), "1b") == set()


def test_what_a_glyph_inherits_from_its_page_is_told(clauses: Callable[[bytes, str], set[str]]) -> None:
    def change(document: pikepdf.Pdf) -> None:
        type_3(500)(document)
        resources = document.pages[0].obj.Resources
        resources.ColorSpace = Dictionary(A=Array([Name.CalGray, Dictionary(WhitePoint=Array([0.9505, 1, 1.089]))]))
        del resources.Font.A["/Resources"]
        resources.Font.A.CharProcs.a.write(b"500 0 d0 /A cs 0 0 500 500 re f")

    assert clauses(made(change), "2b") == {"6.2.2"}


@pytest.mark.parametrize(("mode", "expected"), [(0, {"6.2.11.4.1"}), (3, set())])
def test_text_that_is_not_seen_needs_no_letters(clauses: Callable[[bytes, str], set[str]], mode: int, expected: set[str]) -> None:
    def font(document: pikepdf.Pdf) -> pikepdf.Object:
        descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name.Otra, Flags=32, FontBBox=Array([0, 0, 1, 1]), ItalicAngle=0)
        for key in ("/Ascent", "/Descent", "/CapHeight", "/StemV"):
            descriptor[key] = 1
        told = Dictionary(Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name.Otra, FirstChar=97, LastChar=97, Widths=Array([500]))
        return Dictionary({**dict(told.items()), "/Encoding": Name.WinAnsiEncoding, "/FontDescriptor": document.make_indirect(descriptor)})

    assert clauses(made(drawing(b"BT /A 9 Tf %d Tr (a) Tj ET" % mode, Font=font)), "2b") - {"undecided"} == expected
