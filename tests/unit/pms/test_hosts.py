"""A base URL is not free text: look-alikes and smuggled parts are refused, and the plain form comes out."""

import pytest

from denticode_desktop.domain.connection import Environment
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.pms.registry import PmsRegistry
from denticode_desktop.ports.pms import ConnectionSecrets

from .helpers import HandClock, settings_for

ASCEND = PmsKey("dentrix-ascend")

HOSTILE = [
    "", " ", "prod.hs1api.com", "//prod.hs1api.com", "http://prod.hs1api.com", "ftp://prod.hs1api.com",
    "file:///etc/passwd", "javascript:alert(1)", "https:prod.hs1api.com", "https:/prod.hs1api.com",
    "https:///prod.hs1api.com", "https://", "https://hs1api.com", "https://evilhs1api.com", "https://.hs1api.com",
    "https://hs1api.com.evil.example", "https://prod.hs1api.com.evil.example", "https://prod.hs1api.com.",
    "https://prod.hs1api.com..", "https://prod..hs1api.com", "https://prod.hs1api.com@evil.example",
    "https://evil.example@prod.hs1api.com", "https://user:pw@prod.hs1api.com", "https://@prod.hs1api.com",
    "https://prod.hs1api.com:80", "https://prod.hs1api.com:8443", "https://prod.hs1api.com:443:443",
    "https://prod.hs1api.com:", "https://prod.hs1api.com:0443", "https://prod.hs1api.com:443@evil.example",
    "https://prod.hs1api.com/path", "https://prod.hs1api.com//", "https://prod.hs1api.com/..",
    "https://prod.hs1api.com?x=1", "https://prod.hs1api.com/?x", "https://prod.hs1api.com#f",
    "https://prod.hs1api.com#@evil.example", "https://prod.hs1api.com\\@evil.example",
    "https://evil.example\\.hs1api.com", "https:\\\\prod.hs1api.com", "https://evil.example/.hs1api.com",
    "https://evil.example#.hs1api.com", "https://evil.example?.hs1api.com", "https://evil.example%2f.hs1api.com",
    "https://prod%2ehs1api.com", "https://prod.hs1api%2ecom", "https://prod.hs1api.com%00.evil.example",
    "https://prod.hs1api.com\x00", "https://prod.hs1api.com\n", "\nhttps://prod.hs1api.com",
    "https://prod.hs1api.com\r\nHost: evil.example", "https://prod.hs1api.com\t", " https://prod.hs1api.com",
    "https://prod.hs1api.com ", "https://pr od.hs1api.com", "https://prod.hs1\u0430pi.com",
    "https://\u0440rod.hs1api.com", "https://prod\u3002hs1api.com", "https://prod.hs1api\uff0ecom",
    "https://prod.hs1ap\u0131.com", "https://\u212arod.hs1api.com", "https://prod.hs1api.com\u200b",
    "https://prod.hs1api.com\u202e", "https://127.0.0.1", "https://[::1]", "https://2130706433",
    "https://0x7f000001", "https://localhost", "https://prod_.hs1api.com", "https://-prod.hs1api.com",
    "https://prod-.hs1api.com", "https://*.hs1api.com", "https://" + "a" * 64 + ".hs1api.com",
    "https://" + "a." * 130 + "hs1api.com", "https://prod.hs1api.com, https://evil.example",
    "https://prod.hs1api.com;evil.example", "https://prod.hs1api.com&evil.example", "https://prod.hs1api.co",
    "https://prod.hs1api.com.hs1api.con",
]  # fmt: skip

NOT_LOOPBACK = [
    "http://127.0.0.1", "https://127.0.0.1:8000", "http://127.0.0.1:0", "http://127.0.0.1:70000",
    "http://127.0.0.1:08000", "http://127.0.0.2:8000", "http://0.0.0.0:8000", "http://127.1:8000",
    "http://2130706433:8000", "http://localhost.:8000", "http://localhost.evil.example:8000",
    "http://127.0.0.1:8000@evil.example", "http://user@127.0.0.1:8000", "http://127.0.0.1:8000/path",
    "http://127.0.0.1:8000?x", "http://127.0.0.1:8000#x", "http://127.0.0.1.evil.example:8000",
    "http://[::1%25lo]:8000", "http://[::ffff:127.0.0.1]:8000", "http://[::]:8000", "http://127.0.0.1:80\u0660",
    "http://192.168.1.5:8000", "https://prod.hs1api.com", "http://localhost", "http://127.0.0.1:8000\\@evil.example",
    "http://127.0.0.1:8000\n",
]  # fmt: skip


def registry() -> PmsRegistry:
    return PmsRegistry(HandClock())


def test_list_of_hostile_urls_is_long_enough() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("environment", [Environment.PRODUCTION, Environment.SANDBOX])
@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_vendor_host_is_refused(url: str, environment: Environment) -> None:
    with pytest.raises(UserError) as caught:
        registry().checked_host(ASCEND, environment, url)
    assert caught.value.field == "host"
    assert "Leave it out" in caught.value.sentence


@pytest.mark.parametrize("url", NOT_LOOPBACK)
def test_rehearsal_refuses_what_is_not_loopback(url: str) -> None:
    with pytest.raises(UserError) as caught:
        registry().checked_host(ASCEND, Environment.REHEARSAL, url)
    assert caught.value.field == "host"
    assert "Copy the address" in caught.value.sentence


@pytest.mark.parametrize(
    ("environment", "given", "expected"),
    [
        (Environment.PRODUCTION, None, "https://prod.hs1api.com"),
        (Environment.SANDBOX, None, "https://test.hs1api.com"),
        (Environment.SANDBOX, "https://prod.hs1api.com", "https://prod.hs1api.com"),
        (Environment.PRODUCTION, "https://PROD.hs1api.com:443/", "https://prod.hs1api.com"),
        (Environment.REHEARSAL, "http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        (Environment.REHEARSAL, "http://LOCALHOST:8765/", "http://localhost:8765"),
        (Environment.REHEARSAL, "http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_good_host_comes_out_in_its_plain_form(environment: Environment, given: str | None, expected: str) -> None:
    assert registry().checked_host(ASCEND, environment, given) == expected


def test_rehearsal_has_no_default_host() -> None:
    with pytest.raises(UserError, match="rehearsal PMS"):
        registry().checked_host(ASCEND, Environment.REHEARSAL, None)


@pytest.mark.parametrize("key", ["open-dental", "eaglesoft", "curve-hero"])
def test_planned_vendor_cannot_be_connected(key: str) -> None:
    with pytest.raises(UserError, match="planned"):
        registry().checked_host(PmsKey(key), Environment.PRODUCTION, None)
    with pytest.raises(UserError, match="planned"):
        registry().open(settings_for("https://x.example", pms_key=PmsKey(key)), ConnectionSecrets())


def test_unknown_vendor_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        registry().profile(PmsKey("no-such-pms"))


def test_open_checks_the_stored_host_again() -> None:
    with pytest.raises(UserError):
        registry().open(settings_for("https://evil.example", environment=Environment.PRODUCTION), ConnectionSecrets())


def test_profiles_list_all_four_and_one_is_available() -> None:
    profiles = registry().profiles()
    assert [p.pms_key for p in profiles] == ["dentrix-ascend", "open-dental", "eaglesoft", "curve-hero"]
    assert [p.availability for p in profiles] == ["available", "planned", "planned", "planned"]
    assert all(p.capabilities and p.summary and p.confidence for p in profiles)


def test_secrets_show_in_no_repr() -> None:
    gateway = registry().open(
        settings_for("http://127.0.0.1:9"), ConnectionSecrets({"client_secret": "planted-secret"})
    )
    assert "planted-secret" not in repr(gateway) + repr(vars(gateway)) + repr(
        ConnectionSecrets({"a": "planted-secret"})
    )
