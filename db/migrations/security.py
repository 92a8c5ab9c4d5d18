"""The DDL that migrations repeat: who owns, who may, whose rows.

`sightline_app` is the runtime role. It owns nothing and row-level security binds it; FORCE binds the
owner too, so a mistake in a definer function cannot read across workspaces by accident of ownership.
"""

from alembic import op

APP = "sightline_app"
OWNER = "sightline_owner"
BACKUP = "sightline_backup"
CURRENT = "(select nullif(current_setting('app.workspace', true), '')::uuid)"


def instance_table(name: str, grants: str = "select, insert, update, delete") -> None:
    """A table of the whole instance, without a workspace: only grants."""
    op.execute(f"grant {grants} on {name} to {APP}")
    op.execute(f"grant select on {name} to {BACKUP}")


def workspace_table(name: str, grants: str = "select, insert, update, delete") -> None:
    """A table whose rows belong to one workspace: seen and written only inside that workspace."""
    instance_table(name, grants)
    policies(name, f"workspace_id = {CURRENT}")


def facts_table(name: str, grants: str = "select, insert, update") -> None:
    """Facts: a null workspace is public and shared; a set one is visible to that workspace alone."""
    instance_table(name, grants)
    policies(name, f"workspace_id is null or workspace_id = {CURRENT}")


def policies(name: str, mine: str) -> None:
    """Row-level security: the runtime role sees rows for which `mine` holds; definer functions see all."""
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"alter table {name} force row level security")
    op.execute(f"create policy mine on {name} to {APP} using ({mine}) with check ({mine})")
    # Definer functions run as the owner; each is listed in tests/house and says why it crosses workspaces.
    op.execute(f"create policy definer on {name} to {OWNER} using (true) with check (true)")


def definer_function(
    signature: str, returns: str, body: str, *, language: str = "sql", volatility: str = "stable"
) -> None:
    """A SECURITY DEFINER function with a fixed search path, callable by the runtime role only."""
    op.execute(
        f"create or replace function {signature} returns {returns} language {language} {volatility} "
        f"security definer set search_path = public, pg_temp as $body$ {body} $body$"
    )
    op.execute(f"revoke all on function {signature_types(signature)} from public")
    op.execute(f"grant execute on function {signature_types(signature)} to {APP}")


def signature_types(signature: str) -> str:
    """`f(a uuid, b text)` -> `f(uuid, text)`, as GRANT wants it."""
    name, _, rest = signature.partition("(")
    types = [part.strip().split(" ", 1)[1].split(" default")[0] for part in rest.rstrip(")").split(",") if part.strip()]
    return f"{name}({', '.join(types)})"
