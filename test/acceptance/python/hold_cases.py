"""A statement that waits for people, by every Python client: how it goes on, and how the client gives up."""

import asyncio
import threading

import asyncpg
import psycopg
import psycopg2

from cases import Cases, raised

case = Cases()

deletion = "DELETE FROM jobs WHERE label LIKE"
columns = "id, label, amount, document"
left = "SELECT count(*) FROM jobs WHERE label LIKE"

# Longer than it takes to ask, shorter than anybody would wait.
wait_s = 1.5


@case
def with_psycopg():
    with psycopg.connect("", autocommit=True) as conn:
        cursor = conn.execute(f"{deletion} %s RETURNING {columns}", ["psycopg %"])
        return [cursor.statusmessage, cursor.fetchall(), conn.execute(f"{left} %s", ["psycopg %"]).fetchone()]


@case
def with_psycopg2():
    conn = psycopg2.connect("")
    with conn, conn.cursor() as cursor:
        cursor.execute(f"{deletion} %s RETURNING {columns}", ["psycopg2 %"])
        found = [cursor.statusmessage, cursor.fetchall()]
        cursor.execute(f"{left} %s", ["psycopg2 %"])
        found.append(cursor.fetchone())
    conn.close()
    return found


@case
def with_asyncpg():
    async def run():
        conn = await asyncpg.connect()
        rows = await conn.fetch(f"{deletion} $1 RETURNING {columns}", "asyncpg %")
        found = [[tuple(row) for row in rows], await conn.fetchval(f"{left} $1", "asyncpg %")]
        await conn.close()
        return found

    # Not by the runner of the cases, which would not wait so long.
    return asyncio.run(run())


@case
def psycopg_cancel():
    with psycopg.connect("", autocommit=True) as conn:
        timer = threading.Timer(wait_s, conn.cancel_safe)
        timer.start()
        error = raised(psycopg.errors.QueryCanceled, lambda: conn.execute(f"{deletion} %s", ["kept%"]))
        timer.join()
        return [[error.sqlstate, error.diag.message_primary], conn.execute("SELECT 2").fetchone()]


@case
def psycopg2_cancel():
    conn = psycopg2.connect("")
    with conn.cursor() as cursor:
        timer = threading.Timer(wait_s, conn.cancel)
        timer.start()
        error = raised(psycopg2.errors.QueryCanceled, lambda: cursor.execute(f"{deletion} %s", ["kept%"]))
        timer.join()
        conn.rollback()
        cursor.execute("SELECT 2")
        found = [[error.pgcode, error.diag.message_primary], cursor.fetchone()]
    conn.close()
    return found


@case
async def asyncpg_command_timeout():
    conn = await asyncpg.connect(command_timeout=wait_s)
    try:
        await conn.execute(f"{deletion} $1", "kept%")
        raise AssertionError("it did not give up")
    except asyncio.TimeoutError as error:
        found = [[None, type(error).__name__], await conn.fetchval("SELECT 2")]
    await conn.close()
    return found


@case
async def asyncpg_a_cancelled_task():
    conn = await asyncpg.connect()
    task = asyncio.ensure_future(conn.execute(f"{deletion} 'kept%'"))
    await asyncio.sleep(wait_s)
    task.cancel()
    try:
        await task
        raise AssertionError("it was not cancelled")
    except asyncio.CancelledError as error:
        found = [[None, type(error).__name__], await conn.fetchval("SELECT 2")]
    await conn.close()
    return found


if __name__ == "__main__":
    case.main()
