"""Logins by the Python clients: whether the connection is encrypted, or what the client says of its refusal."""

import asyncio
import ssl
import threading

import asyncpg
import psycopg
import psycopg2

from cases import Cases, given, raised

case = Cases()


def outcome(connect, error_type):
    try:
        return connect()
    except error_type as error:
        return {"class": type(error).__name__, "words": str(error).strip()}


@case
def with_psycopg():
    def connect():
        with psycopg.connect("") as conn:
            return {"encrypted": conn.pgconn.ssl_in_use, "one": conn.execute("SELECT 1").fetchone()[0]}

    return outcome(connect, psycopg.Error)


@case
def with_psycopg2():
    def connect():
        conn = psycopg2.connect("")
        with conn.cursor() as cursor:
            cursor.execute("SELECT 1")
            return {"encrypted": conn.info.ssl_in_use, "one": cursor.fetchone()[0]}

    return outcome(connect, psycopg2.Error)


@case
async def with_asyncpg():
    # Apart from PGSSLMODE it has no variable for the authority that it should trust.
    trust = ssl.create_default_context(cafile=given("PGSSLROOTCERT")) if given("PGSSLMODE") == "verify-full" else None
    try:
        conn = await asyncpg.connect(**({} if trust is None else {"ssl": trust}))
    except (asyncpg.PostgresError, ssl.SSLError, ConnectionError) as error:
        return {"class": type(error).__name__, "words": str(error).strip()}
    encrypted = conn._transport.get_extra_info("ssl_object") is not None
    found = {"encrypted": encrypted, "one": await conn.fetchval("SELECT 1")}
    await conn.close()
    return found


@case
def cancel_with_psycopg():
    with psycopg.connect("", autocommit=True) as conn:
        timer = threading.Timer(0.3, conn.cancel_safe)
        timer.start()
        error = raised(psycopg.errors.QueryCanceled, lambda: conn.execute("SELECT pg_sleep(30)"))
        timer.join()
        return [error.sqlstate, conn.execute("SELECT 1").fetchone()]


@case
async def cancel_with_asyncpg():
    conn = await asyncpg.connect(ssl=ssl.create_default_context(cafile=given("PGSSLROOTCERT")))
    try:
        await conn.fetchval("SELECT pg_sleep(30)", timeout=0.4)
    except asyncio.TimeoutError:
        return ["given up", await conn.fetchval("SELECT 1")]
    finally:
        await conn.close()


if __name__ == "__main__":
    case.main()
