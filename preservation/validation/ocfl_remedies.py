"""What to do about a breach of OCFL, where several breaches ask for the same."""

from typing import Final

COPY: Final = "Recupere el objeto de otra réplica o pida una copia íntegra a quien lo entregó; no lo corrija a mano."
WRITER: Final = "Corrija el programa que escribió el objeto y pida que lo genere de nuevo."
REMOVE: Final = "Averigüe qué es. Si debe conservarse, guárdelo como contenido en una versión nueva; si no, retírelo."
LINKS: Final = "Ponga en su lugar una copia del archivo o, si lo que importa es el enlace mismo, guárdelo dentro de una imagen de disco."
