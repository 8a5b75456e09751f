"""What may be typed for a new connection."""

from typing import Any

import pytest

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.services.connection_rules import NewConnection, checked_name, checked_secrets, checked_settings
from tests.fakes.fake_pms import ASCEND, profile

ASCEND_PROFILE = profile("dentrix-ascend", "Dentrix Ascend")
ORG = "0123456789abcdef01234567"


def new(**changes: Any) -> NewConnection:
    return NewConnection(
        **{
            "name": "Oak Street", "pms_key": ASCEND, "environment": Environment.PRODUCTION, "organization_id": ORG,
            "client_id": "client-1", **changes,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "Connection 1", "connection", "test", "TEST 2", "PMS", "Ascend", "Dentrix Ascend", "My Connection", "", "   ",
        "\u200b", "1", "--", "Open Dental", "new PMS connection", "x" * 81, "Oak\x00Street",
    ],
)  # fmt: skip
def test_name_that_says_nothing_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_name(name)
    assert caught.value.field == "name"
    assert "Main Street" in caught.value.sentence


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Oak Street \u200b", "Oak Street"), ("Cedar  Dental", "Cedar Dental"), ("Ascend Oak Street", None),
        ("Praxis Müller", None), ("Test Practice", None), ("x" * 80, None),
    ],
)  # fmt: skip
def test_name_that_tells_the_practice_is_taken_trimmed(typed: str, stored: str | None) -> None:
    assert checked_name(typed) == (stored or typed)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"environment": None}, "environment"),
        ({"organization_id": "  "}, "organization_id"),
        ({"organization_id": "01234 56789"}, "organization_id"),
        ({"organization_id": "0123456789\u0430bcdef01234567"}, "organization_id"),
        ({"client_id": "cli\u00e9nt-1"}, "client_id"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"client_id": "x" * 201}, "client_id"),
        ({"client_id": ORG, "organization_id": "client-1"}, "client_id"),
        ({"client_id": ORG}, "client_id"),
        ({"settle_s": 119}, "settle_s"),
        ({"settle_s": 86_401}, "settle_s"),
        ({"settle_s": -1, "environment": Environment.REHEARSAL}, "settle_s"),
    ],
)
def test_setting_that_cannot_be_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_settings(new(**changes), ASCEND_PROFILE, "https://prod.fake.example")
    assert caught.value.field == field


def test_letter_of_another_alphabet_is_named_as_the_reason() -> None:
    with pytest.raises(UserError, match=r"Organization ID has a letter .* Copy it again"):
        checked_settings(new(organization_id="\u0430bc"), ASCEND_PROFILE, "https://prod.fake.example")


def test_swapped_ids_say_so() -> None:
    with pytest.raises(UserError, match="swapped"):
        checked_settings(new(client_id=ORG, organization_id="client-1"), ASCEND_PROFILE, "https://prod.fake.example")


def test_planned_pms_is_refused() -> None:
    planned = profile("open-dental", "Open Dental", availability="planned")
    with pytest.raises(UserError) as caught:
        checked_settings(new(pms_key=PmsKey("open-dental")), planned, "https://prod.fake.example")
    assert caught.value.field == "pms"


@pytest.mark.parametrize(
    ("environment", "typed", "stored"),
    [
        (Environment.PRODUCTION, None, 120), (Environment.PRODUCTION, 120, 120), (Environment.SANDBOX, 600, 600),
        (Environment.REHEARSAL, 0, 0), (Environment.REHEARSAL, 3, 3), (Environment.REHEARSAL, None, 120),
    ],
)  # fmt: skip
def test_settle_time_is_free_in_rehearsal_only(environment: Environment, typed: int | None, stored: int) -> None:
    settings = checked_settings(new(environment=environment, settle_s=typed), ASCEND_PROFILE, "https://h.example")
    assert settings.settle_s == stored


def test_pasted_values_are_trimmed_and_unknown_secrets_left_out() -> None:
    settings = checked_settings(new(organization_id=f" {ORG}\n", client_id="\ufeffclient-1 "), ASCEND_PROFILE, "h")
    assert (settings.organization_id, settings.client_id) == (ORG, "client-1")
    secrets = checked_secrets(ConnectionSecrets({"client_secret": " s3 \n", "password": "mine"}), ASCEND_PROFILE)
    assert secrets.values == {"client_secret": "s3"}


@pytest.mark.parametrize("value", ["", "  ", "two words", "x" * 1_281])
def test_secret_that_cannot_be_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(UserError) as caught:
        checked_secrets(ConnectionSecrets({"client_secret": value}), ASCEND_PROFILE)
    assert caught.value.field == "client_secret"
    assert not value.strip() or value not in caught.value.sentence
