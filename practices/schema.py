"""Migration operations of tenancy: row-level security, grants, and functions that look past it."""

from typing import Any

from django.db.migrations.operations import RunSQL

from practices.roles import APP, BACKUP, LOOKUP, OPERATOR

_CURRENT = "NULLIF(current_setting('treffa.practice', true), '')::bigint"


def prepare_schema() -> RunSQL:
    """What the other roles may do in this schema, now and with tables to come. Runs first, as the owner."""
    return RunSQL(
        f"""
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {APP}, {OPERATOR}, {BACKUP}, {LOOKUP};
        GRANT CREATE ON SCHEMA public TO {LOOKUP};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}, {OPERATOR};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}, {OPERATOR};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {BACKUP};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO {BACKUP};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP}, {OPERATOR};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP}, {OPERATOR};
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO {BACKUP};
        """,
        RunSQL.noop,
    )


def enforce_tenancy(table: str, *, column: str = "practice_id") -> RunSQL:
    """Row-level security on a table, for its owner too: rows of the practice in scope, none without a scope."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} USING ({column} = {_CURRENT}) WITH CHECK ({column} = {_CURRENT});
        """,
        f"""
        DROP POLICY tenant ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def insert_only(table: str) -> RunSQL:
    """Takes UPDATE and DELETE on a table from every runtime role."""
    return RunSQL(f"REVOKE UPDATE, DELETE ON {table} FROM {APP}, {OPERATOR};", RunSQL.noop)


def revoke(table: str, rights: str, *, role: str = APP) -> RunSQL:
    """Takes some rights on a table from a role."""
    return RunSQL(f"REVOKE {rights} ON {table} FROM {role};", RunSQL.noop)


def shut(*tables: str, to: str = APP) -> RunSQL:
    """Takes every right on these tables from a role."""
    return RunSQL(f"REVOKE ALL ON {', '.join(tables)} FROM {to};", RunSQL.noop)


def hide_operators(table: str, *, unless: str) -> RunSQL:
    """The product's login sees, makes and changes only rows for which `unless` holds: none of an operator."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY no_operators ON {table} TO {APP} USING ({unless}) WITH CHECK ({unless});
        """,
        f"DROP POLICY no_operators ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def shut_database() -> RunSQL:
    """Only the product's own logins may connect, and none of them may make temporary tables."""
    return RunSQL(
        f"""
        DO $do$ BEGIN
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, {APP}, {BACKUP}', current_database());
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO {APP}, {OPERATOR}, {BACKUP}', current_database());
        END $do$;
        """,
        RunSQL.noop,
    )


def lookup_function(
    signature: str, *, returns: str, body: str, reads: tuple[str, ...], writes: str = ""
) -> Any:
    """A narrow SECURITY DEFINER function that belongs to the lookup role, for what is asked before a tenant is known.

    `signature` is name(argument type, ...), `reads` the tables it selects from (with a column list where narrower),
    `writes` a GRANT clause such as "UPDATE (state) ON some_table" where the function writes.
    """
    grants = "".join(f"GRANT SELECT ON {table} TO {LOOKUP};" for table in reads)
    if writes:
        grants += f"GRANT {writes} TO {LOOKUP};"
    name = _without_argument_names(signature)
    return RunSQL(
        f"""
        {grants}
        CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql SECURITY DEFINER
            SET search_path = public, pg_temp AS $body$ {body} $body$;
        REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {name} TO {APP}, {OPERATOR};
        ALTER FUNCTION {name} OWNER TO {LOOKUP};
        """,
        f"DROP FUNCTION {name};",
    )


def analyze_function(name: str, *, tables: tuple[str, ...]) -> RunSQL:
    """A function `name(added bigint)` of the owner, whom alone Postgres lets do it, that has it count these tables anew if
    so many rows came to the first of them that it knew nothing of most."""
    return RunSQL(
        f"""
        CREATE FUNCTION {name}(added bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = public, pg_temp AS $body$
        BEGIN
            IF added > (SELECT reltuples FROM pg_class WHERE oid = '{tables[0]}'::regclass) / 2 THEN
                ANALYZE {", ".join(tables)};
            END IF;
        END $body$;
        REVOKE ALL ON FUNCTION {name}(bigint) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {name}(bigint) TO {APP};
        """,  # noqa: S608 - our own names
        f"DROP FUNCTION {name}(bigint);",
    )


def _without_argument_names(signature: str) -> str:
    """`f(a bigint, b text)` -> `f(bigint, text)`."""
    name, _, rest = signature.partition("(")
    arguments = [part.strip().split(" ", 1) for part in rest.rstrip(")").split(",") if part.strip()]
    return f"{name}({', '.join(argument[-1] for argument in arguments)})"
