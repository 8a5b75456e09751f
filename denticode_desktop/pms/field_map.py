"""Loads resources/pms/<vendor>.json: what a vendor's card shows, and every path, name, word and limit an adapter uses.

Vendor facts are data so that a corrected fact needs no code. Each one says how it is known (`confidence`) and from
where (`sources`); a file that lacks either, or has a member we do not know, is refused as a whole.
"""

import functools
import sys
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from denticode_desktop.domain.connection import Environment, Permission
from denticode_desktop.domain.errors import BugError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import ItemKind
from denticode_desktop.ports.pms import CredentialField, PmsCapabilities, PmsProfile

SCHEMA = 1
VENDORS = (PmsKey("dentrix-ascend"), PmsKey("open-dental"), PmsKey("eaglesoft"), PmsKey("curve-hero"))
V = TypeVar("V")


class Fact(msgspec.Struct, Generic[V], frozen=True, forbid_unknown_fields=True):
    """One vendor fact with how it is known."""

    value: V
    confidence: str
    sources: list[str]
    note: str = ""


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The vendor document that the facts were checked against. `checked_on` is a date (YYYY-MM-DD)."""

    title: str
    version: str
    was_obtained: bool
    checked_on: str


class ApiFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an adapter needs. paths: candidates in the order to try. words: the vendor's word -> ours."""

    spec: Spec
    marks: dict[str, str]
    sources: dict[str, str]
    host_suffix: Fact[str]
    paths: dict[str, Fact[list[str]]]
    query: dict[str, Fact[str]]
    types: dict[str, Fact[str]]
    names: dict[str, dict[str, Fact[str]]]
    words: dict[str, Fact[dict[str, str]]]
    limits: dict[str, Fact[int]]

    def path(self, name: str) -> str:
        """The first candidate."""
        return self.paths[name].value[0]

    def limit(self, name: str) -> int:
        """A limit's number; the unit is in its name."""
        return self.limits[name].value

    def word(self, name: str) -> str:
        """A word of the query language."""
        return self.query[name].value

    def members(self, kind: str) -> dict[str, str]:
        """Our name -> the vendor's name of each field of a kind of record."""
        return {ours: fact.value for ours, fact in self.names[kind].items()}


class _Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    is_secret: bool
    is_required: bool
    hint: str


class VendorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One whole file. `api` is there for vendors with an adapter of their own."""

    schema: int
    pms_key: str
    title: str
    route: str
    availability: str
    summary: str
    confidence: str
    it_request: str
    notes: list[str]
    hosts: dict[Environment, Fact[str]]
    fields: list[_Field]
    permissions: list[Permission]
    reads: list[SyncKind]
    looks: list[ItemKind]
    writes: list[ItemKind]
    marker_kinds: list[ItemKind]
    why_not: dict[ItemKind, str]
    can_complete_procedures: bool
    takes_fees: bool = True
    api: ApiFacts | None = None

    def capabilities(self) -> PmsCapabilities:
        """What the file says can be done."""
        return PmsCapabilities(
            reads=frozenset(self.reads),
            looks=frozenset(self.looks),
            writes=frozenset(self.writes),
            why_not=dict(self.why_not),
            marker_kinds=frozenset(self.marker_kinds),
            settle_s=self.api.limit("settle_s") if self.api else 0,
            can_complete_procedures=self.can_complete_procedures,
            page_size=self.api.limit("page_size") if self.api else 0,
            notes=tuple(self.notes),
            takes_fees=self.takes_fees,
        )

    def profile(self) -> PmsProfile:
        """The card. A planned PMS shows what its route could do."""
        return PmsProfile(
            pms_key=PmsKey(self.pms_key),
            title=self.title,
            route=self.route,
            availability=self.availability,
            summary=self.summary,
            confidence=self.confidence,
            hosts={environment: fact.value for environment, fact in self.hosts.items()},
            fields=tuple(CredentialField(f.name, f.label, f.is_secret, f.is_required, f.hint) for f in self.fields),
            it_request=self.it_request,
            capabilities=self.capabilities(),
            permissions=tuple(self.permissions),
        )


def resource_folder() -> Path:
    """`resources/pms`: beside the package (checkout, wheel) or where a frozen program unpacks its data.

    Raises: BugError when it is in neither place, which means a broken installation.
    """
    bases = [Path(__file__).resolve().parents[2]]
    unpacked = getattr(sys, "_MEIPASS", None)
    if unpacked:
        bases.append(Path(unpacked))
    for base in bases:
        folder = base / "resources" / "pms"
        if folder.is_dir():
            return folder
    raise BugError("resources/pms is missing from this installation")


def parse_vendor_file(data: bytes, pms_key: PmsKey) -> VendorFile:
    """A file's content, checked. Raises: BugError naming the vendor and the member that is wrong."""
    try:
        found = msgspec.json.decode(data, type=VendorFile, strict=True)
    except msgspec.DecodeError as error:
        raise BugError(f"{pms_key}: {error}") from error
    if found.schema != SCHEMA or found.pms_key != pms_key or found.availability not in ("available", "planned"):
        raise BugError(f"{pms_key}: schema, pms_key or availability is not what it must be")
    for fact in _facts(found):
        if not fact.confidence or not fact.sources or (found.api and fact.confidence not in found.api.marks):
            raise BugError(f"{pms_key}: a fact without a known confidence and a source: {fact.value!r}")
        if found.api and not set(fact.sources) <= set(found.api.sources):
            raise BugError(f"{pms_key}: a fact from a source that is not listed: {fact.value!r}")
    return found


def _facts(found: VendorFile) -> list[Fact[str] | Fact[int] | Fact[list[str]] | Fact[dict[str, str]]]:
    facts: list[Fact[str] | Fact[int] | Fact[list[str]] | Fact[dict[str, str]]] = [*found.hosts.values()]
    if found.api is not None:
        api = found.api
        facts += [api.host_suffix, *api.paths.values(), *api.query.values(), *api.types.values(), *api.words.values()]
        facts += api.limits.values()
        for members in api.names.values():
            facts += members.values()
    return facts


@functools.cache
def load_vendor(pms_key: PmsKey) -> VendorFile:
    """A vendor's file, read once per process. Raises: BugError when it is missing or wrong."""
    path = resource_folder() / f"{pms_key}.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BugError(f"{path.name} cannot be read") from error
    return parse_vendor_file(data, pms_key)


def api_facts(pms_key: PmsKey) -> ApiFacts:
    """The adapter's part of a file. Raises: BugError for a vendor that has none."""
    api = load_vendor(pms_key).api
    if api is None:
        raise BugError(f"{pms_key} has no adapter of its own")
    return api
