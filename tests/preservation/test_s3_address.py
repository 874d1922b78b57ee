"""The address of an S3 store, read and refused in words; and what a part of a large object weighs."""

import pytest

from preservation.stores.s3_address import BadAddress, S3Address, s3_address
from preservation.stores.s3_upload import part_size


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3+http://K:S@127.0.0.1:9000/cubo", S3Address("127.0.0.1:9000", False, "K", "S", "cubo")),
        ("s3+https://K:S@s3.example.org/cubo/", S3Address("s3.example.org", True, "K", "S", "cubo")),
        ("s3+https://K:a%2Fb%40c%3A%25@h/cubo/uno/dos", S3Address("h", True, "K", "a/b@c:%", "cubo", "uno/dos/")),
        ("s3+http://K:S@[::1]:9000/cubo", S3Address("[::1]:9000", False, "K", "S", "cubo")),
        ("s3+http://K:S@h/cubo?region=sa-east-1", S3Address("h", False, "K", "S", "cubo", region="sa-east-1")),
        ("s3+http://K:S@h/cubo?acepta=sin-escritura-unica", S3Address("h", False, "K", "S", "cubo", accepts_overwriting=True)),
    ],
)
def test_addresses(url: str, address: S3Address) -> None:
    assert s3_address(url) == address


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://K:SECRETO@h/cubo", "empieza por"),
        ("s3+http://h/cubo", "Faltan la clave o el secreto"),
        ("s3+http://K@h/cubo", "Faltan la clave o el secreto"),
        ("s3+http://K:SECRETO@/cubo", "nombre del servidor"),
        ("s3+http://K:SECRETO@h:puerto/cubo", "puerto"),
        ("s3+http://K:SECRETO@h:99999/cubo", "puerto"),
        ("s3+http://K:SECRETO@h", "cubo"),
        ("s3+http://K:SECRETO@h/", "cubo"),
        ("s3+http://K:SECRETO@h/Cubo", "cubo"),
        ("s3+http://K:SECRETO@h/cu", "cubo"),
        ("s3+http://K:SECRETO@h/cubo/año", "prefijo"),
        ("s3+http://K:SECRETO@h/cubo/a//b", "prefijo"),
        ("s3+http://K:SECRETO@h/cubo?acepta=todo", "solo caben"),
        ("s3+http://K:SECRETO@h/cubo?acepta", "solo caben"),
        ("s3+http://K:SECRETO@h/cubo?otra=1", "solo caben"),
        ("s3+http://K:SECRETO@h/cubo#resto", "%23"),
        ("s3+http://K:SEC/RETO@h/cubo", "Faltan la clave o el secreto"),
        ("s3+http://K:SECRETO@[h/cubo", "no se puede leer"),
    ],
)
def test_what_is_no_address_is_refused_in_words_that_hold_no_secret(url: str, told: str) -> None:
    with pytest.raises(BadAddress, match=told) as refusal:
        s3_address(url)
    assert "SECRETO" not in str(refusal.value).replace("CLAVE:SECRETO@servidor", "")
    assert refusal.value.__cause__ is None


def test_an_address_is_shown_without_its_credentials() -> None:
    address = s3_address("s3+https://LACLAVE:ELSECRETO@h:9000/cubo/prefijo")
    assert str(address) == "s3+https://h:9000/cubo/prefijo"
    assert "ELSECRETO" not in repr(address)


def test_parts_grow_so_that_the_largest_object_fits_into_ten_thousand() -> None:
    assert [part_size(number) >> 20 for number in (1, 1000, 1001, 2000, 10_000)] == [8, 8, 16, 16, 4096]
    assert sum(part_size(number) for number in range(1, 10_001)) > 5 * 10**12
