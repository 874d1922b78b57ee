"""The sheet of an anchor: what its file and its stamp say, to be printed and kept on paper."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from archivo.audit.anchors import Anchor
from archivo.audit.stamping import STATES, Stamp

_WIDTH = 18


def anchor_sheet(anchor: Anchor, stamp: Stamp | None) -> str:
    """The sheet, in Spanish; its last lines say how to hold the files against each other without this program."""
    name = f"ancla-{anchor.at[:10]}"
    lines = [
        "ANCLA DE LA BITÁCORA",
        "Hasta esta entrada, nada puede cambiarse sin que se note.",
        "",
        *_rows(
            ("Instante", anchor.at),
            ("Entrada", str(anchor.sequence)),
            ("Huella", anchor.hash),
            ("Clave", anchor.signed_by),
            ("Clave pública", anchor.public_key),
            ("Firma", anchor.signature),
        ),
        "",
    ]
    if stamp is None:
        return "\n".join([*lines, "Sin estampa cronológica: nadie de fuera dice cuándo existía.", ""])
    state = STATES.get(stamp.state, "no se juzgó: faltan certificados raíz").format(until=stamp.until[:10])
    stamped = _rows(
        ("Instante", stamp.at),
        ("Autoridad", stamp.authority),
        ("Certificado de", stamp.issuer),
        ("Vence", stamp.until),
        ("Política", stamp.policy),
        ("Serie", stamp.serial),
        ("Al imprimir", state),
    )
    command = f"openssl ts -verify -data {name}.json -in {name}.tsr -CAfile RAÍZ.pem"
    how = ["", "Se comprueba, con cualquier equipo, así:", f"  {command}", ""]
    return "\n".join([*lines, "ESTAMPA CRONOLÓGICA (RFC 3161)", *stamped, *how])


def write_sheet(anchor: Anchor, stamp: Stamp | None, folder: Path) -> Path | None:
    """Put the sheet beside the anchor's file, whole, in the place of an earlier one; None if it is there as it is. Raises OSError."""
    path = folder / f"ancla-{anchor.at[:10]}.txt"
    text = anchor_sheet(anchor, stamp)
    with suppress(FileNotFoundError):
        if path.read_text("utf-8", "replace") == text:
            return None
    with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".ancla-", delete=False) as made:
        made.write(text)
        made.flush()
        os.fsync(made.fileno())
    Path(made.name).replace(path)
    return path


def _rows(*pairs: tuple[str, str]) -> list[str]:
    return [f"{name:<{_WIDTH}}{value}" for name, value in pairs]
