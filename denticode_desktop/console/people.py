"""`patient search`, `provider list / link`, `match dry-run / run / list / confirm / reject`."""

from collections.abc import Sequence

import click

from denticode_desktop.domain.errors import PersonNeededError
from denticode_desktop.domain.ids import PatientId, PmsPatientId, PmsProviderId, ProviderId
from denticode_desktop.services.match_review import HOW, Decision, MatchRow
from denticode_desktop.services.person_compare import is_other_person

from .output import as_json, say, table
from .session import Session, pass_session


@click.group()
def patient() -> None:
    """Patients as the PMS holds them."""


@patient.command("search")
@click.argument("text")
@click.option("--connection", metavar="N")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@pass_session
def patient_search(session: Session, text: str, connection: str | None, limit: int) -> None:
    """Search synced patients by name, birth date, chart number or phone."""
    actor = session.actor()
    connection_id = session.desk.connect.find(connection).connection_id if connection else None
    hits = session.desk.people.patients(actor, text, connection_id=connection_id, limit=limit)
    rows = [
        {
            "connection_id": hit.connection_id,
            "pms_patient_id": hit.patient.pms_patient_id,
            "name": hit.patient.person.display_name,
            "date_of_birth": as_json(hit.patient.person.date_of_birth),
            "chart_number": hit.patient.person.chart_number,
            "phone": hit.patient.person.phone,
            "status": hit.patient.status.value,
        }
        for hit in hits
    ]
    headings = ["connection", "PMS patient", "name", "born", "chart", "phone", "status"]
    session.emit(
        {"patients": rows},
        lambda: table(
            headings, [list(r.values()) for r in rows], empty="No patient fits. Sync Now, then search again."
        ),
    )


@click.group()
def provider() -> None:
    """Providers here and in the PMS."""


@provider.command("list")
@click.option("--connection", metavar="N")
@pass_session
def provider_list(session: Session, connection: str | None) -> None:
    """Show providers of Labs with their links, and the PMS's providers."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    ours, theirs = session.desk.people.providers(actor, found.connection_id)
    own = [
        {
            "provider_id": row.provider.provider_id,
            "name": row.provider.name,
            "npi": row.provider.npi,
            "pms_provider_id": row.link.pms_provider_id if row.link else None,
            "rule": row.link.rule.value if row.link else None,
        }
        for row in ours
    ]
    pms_rows = [
        {"pms_provider_id": p.pms_provider_id, "name": p.display_name, "npi": p.npi, "is_active": p.is_active}
        for p in theirs
    ]

    def show() -> None:
        table(
            ["provider", "name", "NPI", "PMS provider", "rule"], [list(r.values()) for r in own], empty="None here yet."
        )
        say("")
        table(["PMS provider", "name", "NPI", "active"], [list(r.values()) for r in pms_rows], empty="Sync first.")

    answer = {
        "connection_id": found.connection_id,
        "providers": own,
        "pms_providers": pms_rows,
        "default_provider_id": found.settings.default_provider_id,
    }
    session.emit(answer, show)


@provider.command("link")
@click.argument("provider_id", type=int)
@click.argument("pms_provider_id")
@click.option("--connection", metavar="N")
@pass_session
def provider_link(session: Session, provider_id: int, pms_provider_id: str, connection: str | None) -> None:
    """Link PROVIDER_ID (of `provider list`) to PMS_PROVIDER_ID."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    session.desk.linking.link_provider(
        actor, found.connection_id, ProviderId(provider_id), PmsProviderId(pms_provider_id)
    )
    session.emit(
        {"connection_id": found.connection_id, "provider_id": provider_id, "pms_provider_id": pms_provider_id},
        lambda: say("The provider is linked."),
    )


@click.group()
def match() -> None:
    """Patients of Labs and their charts."""


def _emit_rows(session: Session, connection_id: int, rows: Sequence[MatchRow], *, is_dry: bool) -> None:
    counts = {decision.value: sum(row.decision is decision for row in rows) for decision in Decision}

    def show() -> None:
        headings = ["patient", "name", "Lab", "decision", "PMS patient", "rule", "candidates"]
        cells = [
            [r.local_patient_id, r.name, r.external_id, r.decision, r.pms_patient_id, r.rule, len(r.candidates)]
            for r in rows
        ]
        table(headings, cells, empty="No Lab has brought a patient yet.")
        say(f"{'Nothing was changed. ' if is_dry else ''}{HOW}")

    answer = {
        "connection_id": connection_id,
        "is_dry_run": is_dry,
        "scoring": "not_available",
        "sentence": HOW,
        "counts": counts,
        "rows": [{key: value for key, value in as_json(row).items() if key != "name"} for row in rows],
    }
    session.emit(answer, show)


@match.command("list")
@click.option("--connection", metavar="N")
@pass_session
def match_list(session: Session, connection: str | None) -> None:
    """Show patients of Labs with their charts or who they could be."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    _emit_rows(session, found.connection_id, session.desk.matching.rows(actor, found.connection_id), is_dry=False)


@match.command("run")
@click.option("--connection", metavar="N")
@pass_session
def match_run(session: Session, connection: str | None) -> None:
    """Link patients whose Lab names the PMS's patient id, where name and birth date agree."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    rows = session.desk.matching.run(actor, found.connection_id, is_dry=False)
    _emit_rows(session, found.connection_id, rows, is_dry=False)


@match.command("dry-run")
@click.option("--connection", metavar="N")
@pass_session
def match_dry_run(session: Session, connection: str | None) -> None:
    """Show what `match run` would link, and link nothing."""
    actor = session.actor()
    found = session.desk.connect.find(connection)
    rows = session.desk.matching.run(actor, found.connection_id, is_dry=True)
    _emit_rows(session, found.connection_id, rows, is_dry=True)


def _emit_choice(session: Session, connection_id: int, pair: tuple[int, str], decision: str, sentence: str) -> None:
    local_patient_id, pms_patient_id = pair
    answer = {
        "connection_id": connection_id, "local_patient_id": local_patient_id, "pms_patient_id": pms_patient_id,
        "decision": decision,
    }  # fmt: skip
    session.emit(answer, lambda: say(sentence))


@match.command("confirm")
@click.argument("local_patient_id", type=int)
@click.argument("pms_patient_id")
@click.option("--connection", metavar="N")
@click.option("--although-different", is_flag=True, help="Also where name and birth date differ.")
@pass_session
def match_confirm(
    session: Session, local_patient_id: int, pms_patient_id: str, connection: str | None, although_different: bool
) -> None:
    """Say that LOCAL_PATIENT_ID is PMS_PATIENT_ID."""
    actor, chosen = session.actor(), session.desk.connect.find(connection).connection_id
    ours, theirs = PatientId(local_patient_id), PmsPatientId(pms_patient_id)
    differs = session.desk.linking.differs(chosen, ours, theirs)
    if is_other_person(differs) and not although_different:
        raise PersonNeededError(
            f"That chart has another {', '.join(differs)} than the Lab's patient. Compare the two; if it is the same "
            "person all the same, add --although-different.", field="pms_patient_id",
        )  # fmt: skip
    session.desk.linking.choose(actor, chosen, ours, theirs)
    words = f"The patient is linked. They differ in: {', '.join(differs)}." if differs else "The patient is linked."
    _emit_choice(session, chosen, (local_patient_id, pms_patient_id), "linked", words)


@match.command("reject")
@click.argument("local_patient_id", type=int)
@click.argument("pms_patient_id")
@click.option("--connection", metavar="N")
@pass_session
def match_reject(session: Session, local_patient_id: int, pms_patient_id: str, connection: str | None) -> None:
    """Say that LOCAL_PATIENT_ID is not PMS_PATIENT_ID; it is not offered again."""
    actor, chosen = session.actor(), session.desk.connect.find(connection).connection_id
    undone = session.desk.linking.reject(actor, chosen, PatientId(local_patient_id), PmsPatientId(pms_patient_id))
    words = "That is remembered: they are two people."
    if undone is not None:
        words += f" Their match is undone; {len(undone.paused)} Labs wait."
        if undone.sent:
            words += f" {len(undone.sent)} entries are or may be in that chart: check them in the PMS."
    _emit_choice(session, chosen, (local_patient_id, pms_patient_id), "rejected", words)
