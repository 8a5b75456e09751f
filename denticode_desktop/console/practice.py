"""`init`, `user`, `role`, `recover`."""

import click

from denticode_desktop.services.practice_setup import roles_table

from .output import say, table
from .secrets_input import can_prompt, prompt_secret
from .session import Session, pass_session


@click.command()
@click.option("--practice", required=True, metavar="NAME", help="Name of the practice.")
@click.option("--owner", required=True, metavar="USER", help="Name of its Owner.")
@click.option("--rehearsal-only", is_flag=True, help="Rehearsal connections only; keys in an owner-only file.")
@pass_session
def init(session: Session, practice: str, owner: str, rehearsal_only: bool) -> None:
    """Make a new data folder; shows the recovery key once."""
    password = session.secret("password", is_required=False)
    if password is None and not session.reads_secrets and not rehearsal_only and can_prompt():
        password = prompt_secret("password", confirm=True)
    created = session.program.create(
        session.data_dir, practice=practice, owner=owner, password=password or "", is_rehearsal_only=rehearsal_only
    )

    def show() -> None:
        say(f"The practice is set up in {created.data_dir}. Its keys are in: {created.secret_store}.")
        say("Recovery key, shown this once. Print it and keep it where only the Owner can get it:\n")
        say(f"    {created.recovery_key}\n")
        if created.is_rehearsal_only:
            say("This data folder is for rehearsal only: nothing real can be connected to it.")

    session.emit(
        {
            "data_dir": str(created.data_dir),
            "database_id": created.database_id,
            "recovery_key": created.recovery_key,
            "secret_store": created.secret_store,
            "is_rehearsal_only": created.is_rehearsal_only,
            "has_password": bool(password),
        },
        show,
    )


@click.group()
def user() -> None:
    """Named users of the practice."""


@user.command("list")
@pass_session
def user_list(session: Session) -> None:
    """Show all users."""
    users = session.desk.setup.users(session.actor())
    rows = [
        {"name": u.name, "role": u.role.value, "is_enabled": u.is_enabled, "has_password": bool(u.password_hash)}
        for u in users
    ]
    session.emit(
        {"users": rows},
        lambda: table(["user", "role", "enabled", "password"], [list(r.values()) for r in rows], empty="No users."),
    )


@user.command("add")
@click.argument("name")
@click.option("--role", "role_name", required=True, metavar="ROLE", help="One of `role list`.")
@pass_session
def user_add(session: Session, name: str, role_name: str) -> None:
    """Add a user; the password on standard input, or typed at the hidden prompt, is the new user's."""
    actor = session.desk.setup.actor(session.user_name)
    password = session.secret("password", is_required=False)
    if password is None and not session.reads_secrets and can_prompt():
        password = prompt_secret("password", confirm=True)
    password_hash = session.desk.hash_password(password) if password else ""
    user_id = session.desk.setup.add_user(actor, name, role_name, password_hash=password_hash)
    session.emit(
        {"user_id": user_id, "name": " ".join(name.split()), "has_password": bool(password_hash)},
        lambda: say(f"{' '.join(name.split())} is added."),
    )


@click.group()
def role() -> None:
    """Roles and what each may do."""


@role.command("list")
@pass_session
def role_list(session: Session) -> None:
    """Show the roles."""
    roles = roles_table()

    def show() -> None:
        for name, actions in roles.items():
            say(f"{name}: {', '.join(actions)}")

    session.emit({"roles": [{"role": name, "may": actions} for name, actions in roles.items()]}, show)


@click.command()
@pass_session
def recover(session: Session) -> None:
    """Put the database key back into the credential store with the recovery key."""
    key = session.secret("recovery_key")
    folder = session.program.recover(session.data_dir, key or "")
    session.emit(
        {"data_dir": str(folder), "recovered": True},
        lambda: say("The recovery key fits. This data folder opens again on this computer."),
    )
