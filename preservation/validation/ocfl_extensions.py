"""The extensions of OCFL: which are registered, and what may stand in an `extensions` folder (OCFL 1.1, 3.9 and 4.4)."""

from typing import Final

LAYOUTS: Final = frozenset(
    {
        "0002-flat-direct-storage-layout",
        "0003-hash-and-id-n-tuple-storage-layout",
        "0004-hashed-n-tuple-storage-layout",
        "0006-flat-omit-prefix-storage-layout",
        "0007-n-tuple-omit-prefix-storage-layout",
        "0010-differential-n-tuple-omit-prefix-storage-layout",
        "0011-direct-clean-path-layout",
        "0012-hash-and-no-prefix-id-n-tuple-storage-layout",
    }
)
"""Extensions of the registry that say where objects are kept."""
REGISTERED: Final = LAYOUTS | {
    "0000-example-extension",
    "0001-digest-algorithms",
    "0005-mutable-head",
    "0008-schema-registry",
    "0009-digest-algorithms",
    "initial",
}
"""The names of the OCFL Extensions repository, as of 2026."""
