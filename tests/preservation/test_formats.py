"""A format policy handed in as data."""

import pytest

from preservation.formats import FormatPolicy, FormatRule, Standing

POLICY = FormatPolicy.of(
    [
        FormatRule("fmt/354", Standing.PREFERRED, "a norm, annex 1"),
        FormatRule("application/pdf", Standing.ACCEPTED),
        FormatRule("image/*", Standing.ACCEPTED),
        FormatRule("image/x-raw", Standing.REFUSED),
    ]
)


@pytest.mark.parametrize(
    ("puid", "mime", "standing"),
    [
        ("fmt/354", "application/pdf", Standing.PREFERRED),
        ("fmt/18", "application/pdf", Standing.ACCEPTED),
        (None, "Application/PDF; version=1.4", Standing.ACCEPTED),
        (None, "image/x-raw", Standing.REFUSED),
        ("fmt/999", "image/png", Standing.ACCEPTED),
        ("fmt/999", "imagery/png", Standing.UNKNOWN),
        ("fmt/3", None, Standing.UNKNOWN),
        (None, None, Standing.UNKNOWN),
        ("", "", Standing.UNKNOWN),
    ],
)
def test_the_most_exact_rule_decides(puid: str | None, mime: str | None, standing: Standing) -> None:
    assert POLICY.standing(puid, mime) is standing


def test_the_rule_tells_its_source() -> None:
    rule = POLICY.rule_for("fmt/354", None)
    assert rule is not None
    assert rule.source == "a norm, annex 1"


def test_a_policy_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="image/png"):
        FormatPolicy.of([FormatRule("image/PNG", Standing.PREFERRED), FormatRule("image/png", Standing.ACCEPTED)])
