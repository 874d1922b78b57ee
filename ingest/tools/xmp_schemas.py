"""The properties that XMP predefines and the type of each value: XMP Specification of January 2004 (what ISO 19005-1 names) and of
September 2005 (ISO 19005-2 and -3).

A type is written as `text`, `integer`…; `bag`, `seq` or `alt` before it for a list; a name of STRUCTURES for a structure; `alternatives`
for a text in several languages. That a value is one of a closed choice is no matter of its type: it is not judged, nor is it by veraPDF.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
        "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
        "xmpBJ": "http://ns.adobe.com/xap/1.0/bj/",
        "xmpTPg": "http://ns.adobe.com/xap/1.0/t/pg/",
        "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
        "pdf": "http://ns.adobe.com/pdf/1.3/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "aux": "http://ns.adobe.com/exif/1.0/aux/",
        "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
        "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
        "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
        "stVer": "http://ns.adobe.com/xap/1.0/sType/Version#",
        "stJob": "http://ns.adobe.com/xap/1.0/sType/Job#",
        "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
        "stFnt": "http://ns.adobe.com/xap/1.0/sType/Font#",
        "xmpG": "http://ns.adobe.com/xap/1.0/g/",
        "xmpGImg": "http://ns.adobe.com/xap/1.0/g/img/",
    }
)

_COMMON: Final = """
dc: contributor bag text; coverage text; creator seq text; date seq date; description alternatives; format mime; identifier text;
dc: language bag locale; publisher bag text; relation bag text; rights alternatives; source text; subject bag text; title alternatives;
dc: type bag text
xmp: Advisory bag text; BaseURL url; CreateDate date; CreatorTool text; Identifier bag text; MetadataDate date; ModifyDate date;
xmp: Nickname text; Thumbnails alt Thumbnail
xmpRights: Certificate url; Marked boolean; Owner bag text; UsageTerms alternatives; WebStatement url
xmpMM: DerivedFrom ResourceRef; DocumentID uri; History seq ResourceEvent; ManagedFrom ResourceRef; Manager text; ManageTo uri;
xmpMM: ManageUI uri; ManagerVariant text; RenditionClass text; RenditionParams text; VersionID text; Versions seq Version; LastURL url;
xmpMM: RenditionOf ResourceRef; SaveID integer; InstanceID uri
xmpBJ: JobRef bag Job
xmpTPg: MaxPageSize Dimensions; NPages integer
pdf: Keywords text; PDFVersion text; Producer text
photoshop: AuthorsPosition text; CaptionWriter text; Category text; City text; Country text; Credit text; DateCreated date; Headline text;
photoshop: Instructions text; Source text; State text; TransmissionReference text; Urgency integer
tiff: ImageWidth integer; ImageLength integer; BitsPerSample seq integer; Compression integer; PhotometricInterpretation integer;
tiff: Orientation integer; YCbCrSubSampling seq integer; SamplesPerPixel integer; PlanarConfiguration integer;
tiff: YCbCrPositioning integer; XResolution rational; YResolution rational; ResolutionUnit integer; TransferFunction seq integer;
tiff: WhitePoint seq rational; PrimaryChromaticities seq rational; YCbCrCoefficients seq rational; ReferenceBlackWhite seq rational;
tiff: DateTime date; ImageDescription alternatives; Make text; Model text; Software text; Artist text; Copyright alternatives
exif: ComponentsConfiguration seq integer; CompressedBitsPerPixel rational; PixelXDimension integer; PixelYDimension integer;
exif: UserComment alternatives; RelatedSoundFile text; DateTimeOriginal date;
exif: DateTimeDigitized date; ExposureTime rational; FNumber rational;
exif: ExposureProgram integer; SpectralSensitivity text; ISOSpeedRatings seq integer; OECF Table; ShutterSpeedValue rational;
exif: ApertureValue rational; BrightnessValue rational; ExposureBiasValue rational; MaxApertureValue rational; SubjectDistance rational;
exif: MeteringMode integer; Flash Flash; FocalLength rational; SubjectArea seq integer; FlashEnergy rational;
exif: SpatialFrequencyResponse Table; FocalPlaneXResolution rational; FocalPlaneYResolution rational;
exif: FocalPlaneResolutionUnit integer; SubjectLocation seq integer; ExposureIndex rational; SensingMethod integer;
exif: FileSource integer; SceneType integer; CFAPattern CFAPattern; CustomRendered integer; ExposureMode integer;
exif: WhiteBalance integer; DigitalZoomRatio rational; FocalLengthIn35mmFilm integer; SceneCaptureType integer;
exif: GainControl integer; Contrast integer; Saturation integer; Sharpness integer;
exif: DeviceSettingDescription DeviceSettings; SubjectDistanceRange integer; ImageUniqueID text; GPSVersionID text;
exif: GPSAltitudeRef integer; GPSAltitude rational; GPSTimeStamp date;
exif: GPSSatellites text; GPSStatus text; GPSDOP rational; GPSSpeedRef text;
exif: GPSSpeed rational; GPSTrackRef text; GPSTrack rational; GPSImgDirectionRef text; GPSImgDirection rational; GPSMapDatum text;
exif: GPSDestBearingRef text; GPSDestBearing rational;
exif: GPSDestDistanceRef text; GPSDestDistance rational; GPSProcessingMethod text; GPSAreaInformation text;
exif: GPSDifferential integer; ExifVersion text; FlashpixVersion text; ColorSpace integer; LightSource integer
"""
_OF_2004: Final = """
photoshop: SupplementalCategories text
exif: MakerNote text; GPSMeasureMode integer; GPSLatitude position;
exif: GPSLongitude position; GPSDestLatitude position; GPSDestLongitude position
"""
_OF_2005: Final = """
xmp: Label text; Rating real
xmpTPg: Fonts bag Font; Colorants seq Colorant; PlateNames seq text
photoshop: SupplementalCategories bag text
exif: GPSMeasureMode text; GPSLatitude coordinate; GPSLongitude coordinate; GPSDestLatitude coordinate; GPSDestLongitude coordinate
aux: Lens text; SerialNumber text
crs: AutoBrightness boolean; AutoContrast boolean; AutoExposure boolean; AutoShadows boolean; BlueHue integer; BlueSaturation integer;
crs: Brightness integer; CameraProfile text; ChromaticAberrationB integer; ChromaticAberrationR integer; ColorNoiseReduction integer;
crs: Contrast integer; CropTop real; CropLeft real; CropBottom real; CropRight real; CropAngle real; CropWidth real; CropHeight real;
crs: CropUnits integer; Exposure real; GreenHue integer; GreenSaturation integer; HasCrop boolean; HasSettings boolean;
crs: LuminanceSmoothing integer; RawFileName text; RedHue integer; RedSaturation integer; Saturation integer; Shadows integer;
crs: ShadowTint integer; Sharpness integer; Temperature integer; Tint integer; ToneCurve seq text;
crs: ToneCurveName text; Version text; VignetteAmount integer; VignetteMidpoint integer;
crs: WhiteBalance text
xmpDM: projectRef ProjectLink; videoFrameRate text; videoFrameSize Dimensions; videoPixelAspectRatio rational;
xmpDM: videoPixelDepth text; videoColorSpace text;
xmpDM: videoAlphaMode text; videoAlphaPremultipleColor Colorant; videoAlphaUnityIsTransparent boolean;
xmpDM: videoCompressor text; videoFieldOrder text;
xmpDM: pullDown text; audioSampleRate integer;
xmpDM: audioSampleType text; audioChannelType text; audioCompressor text;
xmpDM: speakerPlacement text; fileDataRate rational; tapeName text; altTapeName text; startTimecode Timecode; altTimecode Timecode;
xmpDM: duration Time; scene text; shotName text; shotDate date; shotLocation text; logComment text; markers seq Marker;
xmpDM: contributedMedia bag Media; absPeakAudioFilePath uri; relativePeakAudioFilePath uri; videoModDate date; audioModDate date;
xmpDM: metadataModDate date; artist text; album text; trackNumber integer; genre text; copyright text; releaseDate date; composer text;
xmpDM: engineer text; tempo real; instrument text; introTime Time; outCue Time; relativeTimestamp Time; loop boolean; numberOfBeats real;
xmpDM: key text; stretchMode text;
xmpDM: timeScaleParams Stretch; resampleParams Resample; beatSpliceParams BeatSplice;
xmpDM: timeSignature text; scaleType text
"""
_STRUCTURES: Final = """
ResourceRef stRef: instanceID uri; documentID uri; versionID text; renditionClass text; renditionParams text; manager text;
ResourceRef stRef: managerVariant text; manageTo uri; manageUI uri
ResourceEvent stEvt: action text; instanceID uri; parameters text; softwareAgent text; when date
Version stVer: comments text; event ResourceEvent; modifyDate date; modifier text; version text
Job stJob: name text; id text; url url
Thumbnail xmpGImg: height integer; width integer; format text; image text
Dimensions stDim: w real; h real; unit text
Font stFnt: fontName text; fontFamily text; fontFace text; fontType text; versionString text; composite boolean; fontFileName text;
Font stFnt: childFontFiles seq text
Colorant xmpG: swatchName text; mode text; type text; cyan real; magenta real; yellow real; black real;
Colorant xmpG: red integer; green integer; blue integer; L real; A integer; B integer
Flash exif: Fired boolean; Return text; Mode text; Function boolean; RedEyeMode boolean
Table exif: Columns integer; Rows integer; Names seq text; Values seq rational
CFAPattern exif: Columns integer; Rows integer; Values seq integer
DeviceSettings exif: Columns integer; Rows integer; Settings seq text
ProjectLink xmpDM: type text; path uri
Time xmpDM: value integer; scale rational
Timecode xmpDM: timeFormat text; timeValue text
Marker xmpDM: startTime Time; duration Time; comment text; name text; location uri; target text; type text
Media xmpDM: path uri; track text; startTime Time; duration Time; managed boolean; webStatement uri
Stretch xmpDM: quality text; frameSize real; frameOverlappingPercentage real
Resample xmpDM: quality text
BeatSplice xmpDM: riseInDecibel real; riseInTimeDuration Time; useFileBeatsMarker boolean
"""


def _properties(*tables: str) -> Mapping[str, Mapping[str, str]]:
    """Namespace → property → type."""
    found: dict[str, dict[str, str]] = {}
    for line in "".join(tables).strip().splitlines():
        prefix, _, rest = line.partition(": ")
        for each in filter(None, (piece.strip() for piece in rest.split("; ") if piece)):
            name, _, kind = each.rstrip(";").partition(" ")
            found.setdefault(NAMESPACES[prefix], {})[name] = kind
    return MappingProxyType(found)


def _structures(table: str) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Name → (namespace of its fields, field → type)."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for line in table.strip().splitlines():
        head, _, rest = line.partition(": ")
        name, prefix = head.split()
        fields = found.setdefault(name, (NAMESPACES[prefix], {}))[1]
        for each in filter(None, (piece.strip() for piece in rest.split("; "))):
            field, _, kind = each.rstrip(";").partition(" ")
            fields[field] = kind
    return MappingProxyType(found)


PROPERTIES_2004: Final = _properties(_COMMON, _OF_2004)
PROPERTIES_2005: Final = _properties(_COMMON, _OF_2005)
STRUCTURES: Final = _structures(_STRUCTURES)
