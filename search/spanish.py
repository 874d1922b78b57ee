"""Words of Spanish that carry little of what is sought: data, folded (no accents, lower case)."""


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


STOP = _set("""
    de la que el en y a los del se las por un para con no una su al lo como mas o pero sus le ya este si porque esta entre cuando muy sin
    sobre tambien me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mi antes algunos
    unos yo otro otras otra el tanto esa estos mucho quienes nada muchos cual poco ella estar estas algunas algo nosotros mis tu te ti tus
    ellas nosotras es son fue era ser sido estan han ha he hemos habia sea sean cuales cuanto cuanta cuantos cuantas cuyo cuya""")
"""Dropped from a query unless nothing else is left; indexed all the same, because phrases need them."""

ASKING = _set("""
    puedo puede pueden debo debe deben tengo tiene tienen hacer hago quiero necesito existe pasa sirve significa dice habla trata busco
    buscar documento documentos norma normas regula ley""")
"""Words that only frame a question or a wish: dropped from a query when at least two others remain."""
