"""A statement that is refused, by every Python client. The same script runs where the server itself refuses.

A case gives what the client saw apart from the words, and the words.
"""

import asyncio

import asyncpg
import psycopg
import psycopg2
from psycopg import pq

from cases import Cases, given, raised

case = Cases()
refused = given("REFUSED")


class Told:
    """Collects the words of refusals and keeps the rest."""

    def __init__(self):
        self.seen = []
        self.words = []

    def add(self, *seen):
        self.seen += seen

    def error(self, error):
        """The class and the state of any error; the words of a refusal too."""
        state = error.sqlstate if hasattr(error, "sqlstate") else error.pgcode
        self.seen.append([type(error).__name__, state])
        if state == "42501":
            diag = getattr(error, "diag", None)
            self.words.append(diag.message_primary if diag else error.message)

    def report(self):
        return {"seen": self.seen, "words": self.words}


def labels(conn):
    return [row[0] for row in conn.execute("SELECT label FROM jobs ORDER BY label").fetchall()]


def status(conn):
    return conn.info.transaction_status.name


@case
def psycopg_one_statement():
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        told.error(raised(psycopg.errors.InsufficientPrivilege, lambda: conn.execute(refused)))
        told.add(conn.execute("SELECT 1").fetchone(), status(conn))
        told.error(raised(psycopg.errors.InsufficientPrivilege, lambda: conn.execute(refused, prepare=True)))
        told.error(raised(psycopg.errors.InsufficientPrivilege, lambda: conn.cursor(binary=True).execute(refused)))
        told.add(conn.execute("SELECT %s::int", [2]).fetchone(), status(conn))
    return told.report()


@case
def psycopg_in_a_transaction():
    told = Told()
    with psycopg.connect("") as conn:
        conn.execute("INSERT INTO jobs (label) VALUES ('lost with the transaction')")
        told.error(raised(psycopg.errors.InsufficientPrivilege, lambda: conn.execute(refused)))
        told.add(status(conn))
        told.error(raised(psycopg.errors.InFailedSqlTransaction, lambda: conn.execute("SELECT 1")))
        told.error(raised(psycopg.errors.InFailedSqlTransaction, lambda: conn.execute("SELECT %s::int", [1])))
        conn.rollback()
        told.add(status(conn), labels(conn))
        conn.commit()
    return told.report()


@case
def psycopg_in_a_savepoint():
    told = Told()
    with psycopg.connect("") as conn:
        conn.execute("INSERT INTO jobs (label) VALUES ('kept: psycopg')")

        def nested():
            with conn.transaction():
                conn.execute("INSERT INTO jobs (label) VALUES ('lost with the savepoint')")
                conn.execute(refused)

        told.error(raised(psycopg.errors.InsufficientPrivilege, nested))
        told.add(status(conn), labels(conn))
        conn.commit()
        told.add(labels(conn))
    return told.report()


@case
def psycopg_commit_of_a_failed_transaction():
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        conn.execute("BEGIN")
        conn.execute("INSERT INTO jobs (label) VALUES ('never')")
        told.error(raised(psycopg.errors.InsufficientPrivilege, lambda: conn.execute(refused)))
        told.add(conn.execute("COMMIT").statusmessage, status(conn), labels(conn))
    return told.report()


def piped(conn, told, statements, sync_after=()):
    """Sends all of them in one pipeline at the level of libpq, and tells every result in its order."""
    pgconn = conn.pgconn
    pgconn.enter_pipeline_mode()
    syncs = 1
    for number, (query, params) in enumerate(statements):
        values = [value.encode() for value in params]
        pgconn.send_query_params(query.encode(), values)
        if number in sync_after:
            pgconn.pipeline_sync()
            syncs += 1
    pgconn.pipeline_sync()
    while syncs > 0:
        result = pgconn.get_result()
        if result is None:
            told.add(None)
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            syncs -= 1
        told.add([pq.ExecStatus(result.status).name, result.ntuples, result.command_status])
        if result.status == pq.ExecStatus.FATAL_ERROR:
            told.error(psycopg.errors.error_from_result(result))
    pgconn.exit_pipeline_mode()


def fifty(name):
    statements = [("INSERT INTO jobs (label) VALUES ($1) RETURNING label", [f"{name} {n}"]) for n in range(50)]
    statements[2] = (refused, [])
    return statements


@case
def psycopg_pipeline_of_fifty():
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        piped(conn, told, fifty("one sync"))
        told.add(status(conn), labels(conn), conn.execute("SELECT 'alive'").fetchone())
    return told.report()


@case
def psycopg_pipeline_with_syncs_between():
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        piped(conn, told, fifty("syncs"), sync_after=(0, 1, 2, 10))
        told.add(status(conn), labels(conn))
    return told.report()


@case
def psycopg_pipeline_in_a_transaction():
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        conn.execute("BEGIN")
        piped(conn, told, fifty("transaction"))
        told.add(status(conn))
        conn.execute("ROLLBACK")
        told.add(status(conn), labels(conn))
    return told.report()


@case
def psycopg_pipeline_block_of_prepared_statements():
    """Whichever call it surfaces at, the block ends with the refusal and leaves nothing behind."""
    told = Told()
    with psycopg.connect("", autocommit=True) as conn:
        conn.prepare_threshold = 0
        conn.execute("INSERT INTO jobs (label) VALUES (%s)", ["before the block"])

        def block():
            with conn.pipeline():
                for n in range(50):
                    if n == 2:
                        conn.execute(refused)
                    else:
                        conn.execute("INSERT INTO jobs (label) VALUES (%s)", [f"block {n}"])

        told.error(raised(psycopg.errors.InsufficientPrivilege, block))
        told.add(status(conn), labels(conn))
        conn.execute("INSERT INTO jobs (label) VALUES (%s)", ["after the block"])
        told.add(labels(conn))
    return told.report()


@case
def psycopg2_one_statement_and_a_transaction():
    told = Told()
    conn = psycopg2.connect("")
    with conn.cursor() as cursor:
        told.error(raised(psycopg2.errors.InsufficientPrivilege, lambda: cursor.execute(refused)))
        told.add(conn.get_transaction_status())
        told.error(raised(psycopg2.errors.InFailedSqlTransaction, lambda: cursor.execute("SELECT 1")))
        conn.rollback()
        cursor.execute("SELECT 1")
        told.add(cursor.fetchone(), conn.get_transaction_status())
    conn.close()
    return told.report()


@case
async def asyncpg_one_statement():
    told = Told()
    conn = await asyncpg.connect()
    for work in (conn.execute, conn.fetch, conn.fetchval):
        try:
            await work(refused)
            raise AssertionError("not refused")
        except asyncpg.InsufficientPrivilegeError as error:
            told.error(error)
        told.add(await conn.fetchval("SELECT $1::int", 1))
    await conn.close()
    return told.report()


@case
async def asyncpg_in_a_transaction():
    told = Told()
    conn = await asyncpg.connect()
    try:
        async with conn.transaction():
            await conn.execute("INSERT INTO jobs (label) VALUES ('lost: asyncpg')")
            try:
                async with conn.transaction():
                    await conn.fetch(refused)
            except asyncpg.InsufficientPrivilegeError as error:
                told.error(error)
            told.add(await conn.fetchval("SELECT 2"), conn.is_in_transaction())
            try:
                await conn.fetch(refused)
            except asyncpg.InsufficientPrivilegeError as error:
                told.error(error)
            try:
                await conn.fetchval("SELECT 3")
            except asyncpg.InFailedSQLTransactionError as error:
                told.error(error)
            raise asyncio.InvalidStateError
    except asyncio.InvalidStateError:
        pass
    told.add(conn.is_in_transaction(), await conn.fetchval("SELECT count(*) FROM jobs WHERE label LIKE 'lost: asyncpg'"))
    await conn.close()
    return told.report()


if __name__ == "__main__":
    case.main()
