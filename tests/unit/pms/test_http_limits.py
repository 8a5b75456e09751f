"""Limits on answers: size after decoding, nesting, duplicates, numbers that are none."""

import json
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.errors import PmsProtocolError
from denticode_desktop.pms.http_limits import MAX_DEPTH, check_depth, parse_strict, read_limited
from denticode_desktop.pms.plain_words import plain_words


def gzipped(plain: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(plain) + packer.flush()


def kind_of(body: bytes) -> str:
    with pytest.raises(PmsProtocolError) as caught:
        parse_strict(body)
    return caught.value.kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"id":1,"id":2}', "duplicate_member"),
        (b'[{"a":{"b":1,"b":1}}]', "duplicate_member"),
        (b'{"a":NaN}', "bad_number"),
        (b'{"a":Infinity}', "bad_number"),
        (b'{"a":-Infinity}', "bad_number"),
        (b'{"a":1e999}', "bad_number"),
        (b'{"a":' + b"9" * 41 + b"}", "bad_number"),
        (b'{"a":', "not_json"),
        (b"", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 65 + b"]" * 65, "too_deep"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_bad_json_is_refused_with_its_kind(body: bytes, kind: str) -> None:
    assert kind_of(body) == kind


def test_nesting_up_to_the_limit_is_read() -> None:
    body = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_strict(body)
    check_depth(body)


@given(st.recursive(st.text() | st.integers(-(10**9), 10**9), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_ordinary_json_passes_unchanged_whatever_its_strings_hold(value: object) -> None:
    body = json.dumps(value).encode()
    check_depth(body)
    assert parse_strict(body) == value


def test_deep_list_is_refused_also_beside_strings_with_brackets() -> None:
    body = b'{"a":"}}}]]","b":' + b"[" * 70 + b"]" * 70 + b"}"
    with pytest.raises(PmsProtocolError, match="too_deep"):
        check_depth(body)


def test_gzip_bomb_is_stopped_before_it_is_in_memory() -> None:
    bomb = gzipped(b"x" * 50_000_000)
    with pytest.raises(PmsProtocolError, match="too_large"):
        read_limited(iter([bomb]), "gzip", 1_000_000)


def test_plain_body_over_the_limit_is_not_read_to_its_end() -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"x" * 1000

    with pytest.raises(PmsProtocolError, match="too_large"):
        read_limited(chunks(), "", 10_000)
    assert taken == 11


def test_gzip_is_decoded_also_in_small_pieces() -> None:
    packed = gzipped(b'{"a":1}')
    assert read_limited((packed[i : i + 1] for i in range(len(packed))), "gzip", 100) == b'{"a":1}'


@pytest.mark.parametrize(("body", "encoding"), [(b"no gzip", "gzip"), (gzipped(b"x" * 99)[:-9], "gzip"), (b"", "br")])
def test_damaged_cut_off_or_unknown_encoding_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(PmsProtocolError, match="bad_encoding"):
        read_limited(iter([body]), encoding, 1000)


@given(st.text(max_size=1000))
def test_pms_words_are_plain_short_and_on_one_line(text: str) -> None:
    words = plain_words(text)
    assert len(words) <= 200
    assert not any(c in words for c in "\n\r\t\x00\x1b\u202e\u2066\u200f\u2028")


def test_bidi_characters_are_made_visible() -> None:
    assert plain_words("a\u202eb\x07c\nd") == "a\ufffdb\ufffdc d"
