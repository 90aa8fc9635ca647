"""The database's logins (docs: DESIGN.md, "What always holds", 1). Plain psycopg, as superuser, repeatable at any time.

treffa_owner     owns the database and runs migrations; may create databases (the tests' own)
treffa_app       the product at runtime: owns nothing, member of nothing, bound by row-level security
treffa_operator  the admin's own process: sees all practices
treffa_backup    reads everything for backups
treffa_lookup    nobody signs in as it: owns the few functions that look across practices
"""

from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

OWNER, APP, OPERATOR, BACKUP, LOOKUP = (
    "treffa_owner",
    "treffa_app",
    "treffa_operator",
    "treffa_backup",
    "treffa_lookup",
)
VARIABLES = {
    "DATABASE_OWNER_URL": OWNER,
    "DATABASE_URL": APP,
    "DATABASE_OPERATOR_URL": OPERATOR,
    "DATABASE_BACKUP_URL": BACKUP,
}
PLAIN = "NOSUPERUSER NOCREATEROLE NOREPLICATION"
ATTRIBUTES = {
    OWNER: f"LOGIN {PLAIN} CREATEDB NOBYPASSRLS",
    APP: f"LOGIN {PLAIN} NOCREATEDB NOBYPASSRLS",
    OPERATOR: f"LOGIN {PLAIN} NOCREATEDB BYPASSRLS",
    BACKUP: f"LOGIN {PLAIN} NOCREATEDB BYPASSRLS",
    LOOKUP: f"NOLOGIN {PLAIN} NOCREATEDB BYPASSRLS",
}
OLDEST = 150000
INHERIT_PER_GRANT = 160000

Connection = psycopg.Connection[tuple[object, ...]]


class RolesError(Exception):
    """One line that says what is wrong with the URLs or the server."""


def read_urls(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The database's name and each login's password, from the four DATABASE_*URL variables."""
    passwords: dict[str, str] = {}
    databases: set[str] = set()
    for variable, role in VARIABLES.items():
        parts = urlsplit(environment.get(variable, ""))
        if not parts.hostname:
            raise RolesError(f"{variable} is not set")
        if unquote(parts.username or "") != role:
            raise RolesError(
                f"{variable} must sign in as {role}, not as {unquote(parts.username or '') or 'nobody'}"
            )
        if not parts.password:
            raise RolesError(f"{variable} has no password")
        passwords[role] = unquote(parts.password)
        databases.add(unquote(parts.path.lstrip("/")))
    if len(databases) != 1 or "" in databases:
        raise RolesError(
            f"the DATABASE_*URL variables must name one database, not {', '.join(sorted(databases))}"
        )
    return databases.pop(), passwords


def create_roles(
    *, superuser_url: str, environment: Mapping[str, str], say: Callable[[str], None] = lambda _line: None
) -> None:
    """Makes or mends the logins and the database. Errors: RolesError, psycopg.Error."""
    database, passwords = read_urls(environment)
    with psycopg.connect(superuser_url, autocommit=True, connect_timeout=10) as connection:
        version = connection.info.server_version
        if version < OLDEST:
            raise RolesError(f"the server is PostgreSQL {version // 10000}: 15 or newer is needed")
        for role, attributes in ATTRIBUTES.items():
            say(_ensure_role(connection, role=role, attributes=attributes, password=passwords.get(role)))
        _leave_groups(connection, say=say)
        _grant_lookup(connection, per_grant=version >= INHERIT_PER_GRANT)
        say(_ensure_database(connection, database=database))


def _ensure_role(connection: Connection, *, role: str, attributes: str, password: str | None) -> str:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = sql.SQL("{verb} ROLE {role} WITH {attributes}").format(
        verb=sql.SQL("ALTER" if known else "CREATE"),
        role=sql.Identifier(role),
        attributes=sql.SQL(attributes),
    )
    if password is not None:  # hashed here, so that the server's log never sees it
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(hashed.decode()))
    connection.execute(statement)
    return f"role {role}: {'mended' if known else 'made'} ({attributes})"


def _leave_groups(connection: Connection, *, say: Callable[[str], None]) -> None:
    """Takes every membership from the four logins but the owner's in treffa_lookup."""
    rows = connection.execute(
        "SELECT g.rolname, m.rolname FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid"
        " JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = ANY(%s) AND g.rolname <> %s",
        [[OWNER, APP, OPERATOR, BACKUP, LOOKUP], LOOKUP],
    ).fetchall()
    rows += connection.execute(
        "SELECT g.rolname, m.rolname FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid"
        " JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = ANY(%s) AND g.rolname = %s",
        [[APP, OPERATOR, BACKUP], LOOKUP],
    ).fetchall()
    for group, member in rows:
        names = sql.Identifier(str(group)), sql.Identifier(str(member))
        connection.execute(sql.SQL("REVOKE {} FROM {}").format(*names))
        say(f"role {member}: no longer a member of {group}")


def _grant_lookup(connection: Connection, *, per_grant: bool) -> None:
    """The owner may hand functions over to treffa_lookup, but has none of its rights by itself."""
    names = {"lookup": sql.Identifier(LOOKUP), "owner": sql.Identifier(OWNER)}
    if per_grant:
        text = "GRANT {lookup} TO {owner} WITH INHERIT FALSE, SET TRUE"
        connection.execute(sql.SQL(text).format(**names))
    else:  # PostgreSQL 15 knows this per role only
        connection.execute(sql.SQL("ALTER ROLE {owner} NOINHERIT").format(**names))
        connection.execute(sql.SQL("GRANT {lookup} TO {owner}").format(**names))


def _ensure_database(connection: Connection, *, database: str) -> str:
    """Owned by the owner, UTF8; nobody but the four logins may connect. What they may do there, migrations grant."""
    names = {
        "database": sql.Identifier(database),
        "owner": sql.Identifier(OWNER),
        "users": sql.SQL(", ").join(map(sql.Identifier, (APP, OPERATOR, BACKUP))),
        "operator": sql.Identifier(OPERATOR),
    }
    row = connection.execute(
        "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    if row is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {database} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0").format(
                **names
            )
        )
    elif row[0] != "UTF8":
        raise RolesError(f"database {database} is {row[0]}: it must be UTF8")
    for text in (
        "ALTER DATABASE {database} OWNER TO {owner}",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {users}",
        "GRANT TEMPORARY ON DATABASE {database} TO {operator}",
    ):
        connection.execute(sql.SQL(text).format(**names))
    return f"database {database}: {'made' if row is None else 'mended'} (owner {OWNER})"
