"""Dates, plurals, sizes and lists as a good public servant writes them in Spanish. Every instant is shown in the zone handed in."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

BOGOTA = ZoneInfo("America/Bogota")
MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
SEASONS = {21: "primavera", 22: "verano", 23: "otoño", 24: "invierno"}
NARROW = "\N{NARROW NO-BREAK SPACE}"
HARD = "\N{NO-BREAK SPACE}"


def day(value: date) -> str:
    """22 de noviembre de 2026."""
    return f"{value.day} de {MONTHS[value.month - 1]} de {value.year}"


def instant(value: datetime, zone: tzinfo = BOGOTA) -> str:
    """22 de noviembre de 2026, 3:05 p. m. An instant without zone is taken as UTC."""
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)
    return f"{day(local.date())}, {clock(local)}"


def clock(value: datetime) -> str:
    """3:05 p. m., with spaces that do not break."""
    hour = value.hour % 12 or 12
    return f"{hour}:{value.minute:02d}{HARD}{'a' if value.hour < 12 else 'p'}.{NARROW}m."


def ago(value: datetime, now: datetime, zone: tzinfo = BOGOTA) -> str:
    """How long ago, in words up to a day and as a date after: «hace 3 minutos», «ayer, 3:05 p. m.»."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    seconds = (now - moment).total_seconds()
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if seconds < 60:
        return "hace un momento"
    if seconds < 3600:
        return f"hace {count(int(seconds // 60), 'minuto')}"
    if local.date() == today:
        return f"hoy, {clock(local)}"
    if (today - local.date()).days == 1:
        return f"ayer, {clock(local)}"
    return day(local.date())


def number(value: int | float, decimals: int = 0) -> str:
    """412.806 and 3,5: dots between thousands, comma before decimals (four digits stay together: 2026)."""
    text = f"{value:,.{decimals}f}"
    if abs(value) < 10_000 and decimals == 0:
        text = text.replace(",", "")
    return text.translate(str.maketrans(",.", ".,"))


def count(value: int, singular: str, plural: str | None = None, *, none: str | None = None) -> str:
    """«1 página», «2 páginas», «412.806 documentos»; `none` instead of a zero."""
    if value == 0 and none is not None:
        return none
    return f"{number(value)} {singular if value == 1 else plural or pluralised(singular)}"


def pluralised(singular: str) -> str:
    """The plural by rule: vowel + s, z to ces, consonant + es; words of several are to be given their plural by the caller."""
    if singular.endswith("ión"):
        return f"{singular[:-2]}ones"
    if singular.endswith("z"):
        return f"{singular[:-1]}ces"
    return f"{singular}{'s' if singular[-1] in 'aeiouáéó' else 'es'}"


def size(octets: int) -> str:
    """1 byte, 812 kB, 1,4 MB: decimal units, as disks are sold."""
    if octets < 1000:
        return count(octets, "byte")
    value = float(octets)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    return f"{number(value, 0 if value >= 9.95 or unit == 'kB' else 1)}{HARD}{unit}"


def series(items: Sequence[str], joiner: str = "y") -> str:
    """«a», «a y b», «a, b y c»; y becomes e, and o becomes u, before their own sound."""
    if len(items) < 2:
        return "".join(items)
    last = items[-1].lstrip("«“¿¡\"'").lower()
    if joiner == "y" and re.match(r"h?[ií](?!e)", last):
        joiner = "e"
    elif joiner == "o" and re.match(r"h?[oó]", last):
        joiner = "u"
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def percent(value: float) -> str:
    """0.714 → 71 %, never rounded up to certainty."""
    return f"{min(round(value * 100), 99) if value < 1 else 100}{HARD}%"


def edtf(value: str | None) -> str:
    """A date in EDTF (ISO 8601-2) in words; what is not understood is shown as written; nothing: «sin fecha»."""
    if not value:
        return "sin fecha"
    start, slash, end = value.partition("/")
    if not slash:
        return _point(value) or value
    if start in ("", ".."):
        return f"hasta {_point(end) or end}"
    if end in ("", ".."):
        return f"desde {_point(start) or start}"
    if re.fullmatch(r"\d{4}", start) and re.fullmatch(r"\d{4}", end):
        return f"{start}\N{EN DASH}{end}"
    return f"de {_point(start) or start} a {_point(end) or end}"


def _point(value: str) -> str | None:
    """One date of EDTF levels 0 and 1 in words, or None."""
    plain, prefix, suffix = value, "", ""
    if value[-1:] in ("?", "~", "%"):
        plain = value[:-1]
        prefix = "hacia " if value[-1] in "~%" else ""
        suffix = " (dudosa)" if value[-1] in "?%" else ""
    if len(plain) == 4 and (unknown := re.fullmatch(r"(\d\d)XX|(\d\d\d)X", plain)):
        words = f"siglo {roman(int(unknown[1]) + 1)}" if unknown[1] else f"década de {unknown[2]}0"
        return f"{prefix}{words}{suffix}"
    match = re.fullmatch(r"(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?(?:T.*)?", plain)
    if not match:
        return None
    calendar = _calendar(match[1], match[2], match[3])
    return f"{prefix}{calendar}{suffix}" if calendar else None


def _calendar(year: str, month: str | None, dom: str | None) -> str | None:
    if month is None or month == "XX":
        return year
    index = int(month)
    if index in SEASONS:
        return f"{SEASONS[index]} de {year}"
    if not 1 <= index <= 12:
        return None
    if dom is None or dom == "XX":
        return f"{MONTHS[index - 1]} de {year}"
    return f"{int(dom)} de {MONTHS[index - 1]} de {year}"


def roman(value: int) -> str:
    """XX for 20: centuries are written so."""
    text = ""
    for weight, letters in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while value >= weight:
            text, value = text + letters, value - weight
    return text


def calm(text: str) -> str:
    """A heading written all in capitals, as a sentence; any other as it is. Words without vowels (TRD, NTC) stay."""
    if len(text) < 5 or text != text.upper():
        return text
    words = [word if not re.search("[AEIOUÁÉÍÓÚÜ]|^Y$", word) else word.lower() for word in text.split(" ")]
    sentence = " ".join(words)
    return sentence[:1].upper() + sentence[1:]
