"""asyncpg: binary formats, named statements, Flush without Sync, portals with row limits."""

import asyncio
import datetime
import decimal
import io
import json
import uuid

import asyncpg

from cases import Cases, digest

case = Cases()


def connected(function):
    """A case on a connection of its own."""

    async def run():
        conn = await asyncpg.connect(timeout=20)
        try:
            return await function(conn)
        finally:
            await conn.close(timeout=20)

    run.__name__ = function.__name__
    return run


async def failure(work, error_type=asyncpg.PostgresError):
    try:
        await work
    except error_type as error:
        return told(error)
    raise AssertionError(f"{error_type.__name__} was not raised")


def told(error):
    """Every field of an error but the place in the server's source."""
    fields = {"hint": None, "position": None} | error.as_dict()
    return [type(error).__name__, {name: value for name, value in fields.items() if not name.startswith("server_source")}]


def attributes(statement):
    return [
        [list(map(str, statement.get_attributes()))],
        [list(map(str, statement.get_parameters()))],
        statement.get_statusmsg(),
    ]


@case
@connected
async def types(conn):
    rows = await conn.fetch("SELECT * FROM all_types WHERE id <> 2 ORDER BY id")
    return [dict(row) for row in rows]


@case
@connected
async def types_at_their_limits(conn):
    columns = "small, whole, big, exact, scaled, single, double, words, bytes, doc, docb, ints, texts, nested, net, range"
    return [dict(row) for row in await conn.fetch(f"SELECT {columns} FROM all_types WHERE id = $1", 2)]


@case
@connected
async def what_a_statement_gives(conn):
    statement = await conn.prepare("SELECT id, words, moods, home FROM all_types WHERE feeling = $1 AND id > $2")
    return attributes(statement) + [list(map(tuple, await statement.fetch("ok", 0)))]


@case
@connected
async def parameters_of_many_types(conn):
    values = [
        7,
        1.5,
        decimal.Decimal("123456789.000001"),
        True,
        "it's \\ ✓",
        b"\x00\xff",
        None,
        [1, None],
        ["a", 'b"c'],
        [[1, 2], [3, 4]],
        uuid.UUID("12345678-1234-5678-1234-567812345678"),
        datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 12, 30, 45, 123456),
        datetime.datetime(2024, 2, 29, 12, 30, 45, 123456, datetime.timezone.utc),
        datetime.time(23, 59, 59),
        datetime.timedelta(days=3, microseconds=5),
        '{"a": [1]}',
        asyncpg.Range(1, 10),
        "ok",
    ]
    casts = (
        "int8 float8 numeric bool text bytea text int[] text[] int[][] uuid date timestamp timestamptz time interval "
        "jsonb int4range mood"
    ).split()
    wanted = ", ".join(f"${n}::{cast} AS c{n}" for n, cast in enumerate(casts, 1))
    return dict(await conn.fetchrow(f"SELECT {wanted}", *values))


@case
@connected
async def a_prepared_statement_again(conn):
    statement = await conn.prepare("SELECT id, words FROM all_types WHERE id = $1")
    found = [tuple(await statement.fetchrow(n)) for n in (0, 1, 2, 3, 1)]
    return found + [await conn.fetchval("SELECT words FROM all_types WHERE id = $1", n) for n in (0, 1, 0)]


@case
@connected
async def more_statements_than_the_cache_holds(conn):
    return [await conn.fetchval(f"SELECT {n} + $1::int", n) for n in range(130)]


@case
@connected
async def a_portal_with_a_row_limit(conn):
    found = []
    async with conn.transaction():
        async for row in conn.cursor("SELECT n, md5(n::text) FROM generate_series(1, $1) n", 35, prefetch=10):
            found.append(tuple(row))
        cursor = await conn.cursor("SELECT n FROM generate_series(1, 35) n")
        found += [await cursor.fetch(5), await cursor.fetchrow(), await cursor.forward(10), await cursor.fetch(100)]
    return found + [(await conn.prepare("SELECT 1")).get_statusmsg()]


@case
@connected
async def limited_by_the_client(conn):
    return [await conn.fetchrow("SELECT n FROM generate_series(1, 1000) n"), await conn.fetchval("SELECT 2")]


@case
@connected
async def many_parameter_sets(conn):
    rows = [(f"asyncpg-{n}", decimal.Decimal(n)) for n in range(200)]
    await conn.executemany("INSERT INTO jobs (label, amount) VALUES ($1, $2)", rows)
    found = await conn.fetchmany("UPDATE jobs SET amount = $2 WHERE label = $1 RETURNING label, amount", rows[:20])
    error = await failure(conn.executemany("INSERT INTO jobs (label) VALUES ($1)", [("once",), ("first",), ("never",)]))
    labels = await conn.fetch("SELECT label, amount FROM jobs ORDER BY label")
    return [[tuple(row) for row in found], error, [tuple(row) for row in labels]]


@case
@connected
async def a_failure_in_mid_batch(conn):
    """executemany is one pipeline up to a Sync: all of it or nothing, in a transaction and outside."""
    insert = "INSERT INTO jobs (label, amount) VALUES ($1, $2)"
    rows = [(f"batch-{n}", decimal.Decimal(n)) for n in range(1500)]
    rows[1200] = ("batch-0", decimal.Decimal(0))
    found = [await failure(conn.executemany(insert, rows))]
    statement = await conn.prepare(insert)
    try:
        async with conn.transaction():
            await statement.executemany(rows[:5])
            await statement.executemany(rows[4:6])
    except asyncpg.UniqueViolationError as error:
        found.append(told(error))
    found.append(conn.is_in_transaction())
    found.append(await failure(conn.fetchmany("SELECT 10 / $1::int", [(1,), (0,), (2,)])))
    return found + [await conn.fetchval("SELECT count(*) FROM jobs WHERE label LIKE 'batch-%'")]


@case
@connected
async def several_statements_in_one_message(conn):
    found = [await conn.execute("SELECT 1; INSERT INTO jobs (label) VALUES ('several'); UPDATE jobs SET amount = 3 WHERE id = 1")]
    found.append(await failure(conn.execute("INSERT INTO jobs (label) VALUES ('lost'); SELECT 1/0")))
    return found + [await conn.fetchval("SELECT count(*) FROM jobs WHERE label IN ('several', 'lost')")]


@case
@connected
async def transactions(conn):
    found = []
    async with conn.transaction():
        await conn.execute("INSERT INTO jobs (label) VALUES ('outer')")
        try:
            async with conn.transaction():
                await conn.execute("INSERT INTO jobs (label) VALUES ('inner')")
                await conn.fetchval("SELECT 1/0")
        except asyncpg.DivisionByZeroError as error:
            found.append(told(error))
        found.append(conn.is_in_transaction())
    found.append(conn.is_in_transaction())
    broken = conn.transaction(isolation="serializable", readonly=True)
    await broken.start()
    found.append(await failure(conn.execute("INSERT INTO jobs (label) VALUES ('no')"), asyncpg.ReadOnlySQLTransactionError))
    found.append(await failure(conn.fetchval("SELECT $1::int", 1), asyncpg.InFailedSQLTransactionError))
    await broken.rollback()
    return found + [await conn.fetchval("SELECT count(*) FROM jobs WHERE label IN ('outer', 'inner', 'no')")]


@case
@connected
async def errors(conn):
    queries = [
        ("SELECT 1/0",),
        ("SELECT 1/$1::int", 0),
        ("SELEC 1",),
        ("SELECT * FROM nowhere",),
        ("SELECT nothing FROM jobs",),
        ("INSERT INTO jobs (label) VALUES ($1)", "first"),
        ("INSERT INTO jobs (label) VALUES ($1)", ""),
        ("INSERT INTO jobs (label) VALUES ($1)", None),
        ("INSERT INTO jobs (label, parent) VALUES ($1, 999)", "orphan"),
        ("SELECT $1::text::int", "abc"),
        ("SELECT * FROM forbidden",),
    ]
    found = []
    for query, *values in queries:
        found.append(await failure(conn.fetch(query, *values)))
        assert await conn.fetchval("SELECT 1") == 1
    return found


@case
@connected
async def copy_out(conn):
    found = []
    for form in ("text", "csv", "binary"):
        out = io.BytesIO()
        tag = await conn.copy_from_table("all_types", output=out, format=form)
        found.append([tag, digest([out.getvalue()])])
    out = io.BytesIO()
    tag = await conn.copy_from_query("SELECT id, words FROM all_types WHERE id > $1 ORDER BY id", 0, output=out, format="binary")
    return found + [[tag, digest([out.getvalue()])]]


@case
@connected
async def copy_in(conn):
    records = [(f"record-{n}", decimal.Decimal(n)) for n in range(1000)]
    found = [await conn.copy_records_to_table("jobs", records=records, columns=["label", "amount"])]
    found.append(await conn.copy_to_table("jobs", source=io.BytesIO(b"x,1\ny,2\n"), columns=["label", "amount"], format="csv"))
    found.append(await failure(conn.copy_records_to_table("jobs", records=[("first", decimal.Decimal(1))], columns=["label", "amount"])))
    return found + [await conn.fetchval("SELECT count(*) FROM jobs")]


@case
@connected
async def a_copy_that_the_client_gives_up(conn):
    async def source():
        yield b"half\n"
        raise RuntimeError("the client changed its mind")

    found = []
    try:
        await conn.copy_to_table("jobs", source=source(), columns=["label"])
    except (RuntimeError, asyncpg.PostgresError) as error:
        found.append(type(error).__name__)
    found.append(await failure(conn.copy_to_table("jobs", source=io.BytesIO(b"x,y\n"), columns=["label", "amount"], format="csv")))
    return found + [await conn.fetchval("SELECT count(*) FROM jobs WHERE label = 'half'")]


@case
@connected
async def notifications(conn):
    found = []
    heard = asyncio.Queue()

    def listener(connection, pid, channel, payload):
        heard.put_nowait([channel, payload, pid == connection.get_server_pid()])

    async def next_one():
        return await asyncio.wait_for(heard.get(), 10)

    await conn.add_listener("news", listener)
    await conn.add_listener("Other News", listener)
    other = await asyncpg.connect()
    await other.execute("NOTIFY news, 'from another'")
    found.append(await next_one())
    await other.execute("SELECT pg_notify($1, $2)", "Other News", "by a function ✓")
    found.append(await next_one())
    await conn.execute("NOTIFY news, 'own'")
    found.append(await next_one())
    async with conn.transaction():
        await conn.execute("NOTIFY news, 'twice'")
        await conn.execute("NOTIFY news, 'twice'")
    found.append(await next_one())
    await conn.remove_listener("news", listener)
    await other.execute("NOTIFY news, 'to nobody'")
    await other.close()
    await conn.reset()
    return found + [heard.qsize(), await conn.fetchval("SELECT count(*) FROM pg_listening_channels()")]


@case
@connected
async def a_timeout_of_the_server(conn):
    await conn.execute("SET statement_timeout = '200ms'")
    found = [await failure(conn.fetchval("SELECT pg_sleep($1)", 30)), await failure(conn.execute("SELECT pg_sleep(30)"))]
    await conn.execute("RESET statement_timeout")
    return found + [await conn.fetchval("SELECT 1")]


@case
@connected
async def two_phases(conn):
    """asyncpg has no call for it: in SQL."""
    try:
        await conn.execute("BEGIN; INSERT INTO jobs (label) VALUES ('in two phases')")
        await conn.execute("PREPARE TRANSACTION 'asyncpg'")
        await conn.execute("COMMIT PREPARED 'asyncpg'")
        return await conn.execute("DELETE FROM jobs WHERE label = 'in two phases'")
    except asyncpg.PostgresError as error:
        return told(error)


@case
@connected
async def codecs(conn):
    """Their types are looked up in the catalogue; one in binary, the others as text."""
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    await conn.set_type_codec("mood", encoder=str, decoder=lambda word: f"<{word}>")
    await conn.set_type_codec(
        "int8",
        schema="pg_catalog",
        encoder=lambda n: (n * 2).to_bytes(8, "big", signed=True),
        decoder=lambda data: int.from_bytes(data, "big", signed=True) + 1,
        format="binary",
    )
    found = [tuple(await conn.fetchrow("SELECT $1::jsonb, $2::mood, $3::int8", {"a": [1]}, "ok", 20))]
    found += [tuple(row) for row in await conn.fetch("SELECT docb, feeling, moods, home FROM all_types ORDER BY id")]
    await conn.reload_schema_state()
    await conn.reset_type_codec("mood")
    return found + [await conn.fetchval("SELECT 'ok'::mood")]


@case
@connected
async def cancel(conn):
    found = []
    try:
        await conn.fetchval("SELECT pg_sleep(30)", timeout=0.4)
    except asyncio.TimeoutError:
        found.append("given up")
    found.append(await conn.fetchval("SELECT 1"))
    task = asyncio.ensure_future(conn.execute("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.3)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        found.append("cancelled")
    return found + [await conn.fetchval("SELECT 2")]


@case
@connected
async def notices(conn):
    found = []
    conn.add_log_listener(lambda _, message: found.append(told(message)))
    await conn.execute("INSERT INTO noisy (label) VALUES ('asyncpg')")
    await conn.execute("COMMIT")
    await asyncio.sleep(0)
    return found


@case
@connected
async def parameter_status(conn):
    def now():
        settings = conn.get_settings()
        names = "application_name TimeZone DateStyle server_version client_encoding is_superuser session_authorization"
        return [getattr(settings, name) for name in names.split()] + [tuple(conn.get_server_version())]

    found = [now()]
    await conn.execute("SET TIME ZONE 'Asia/Kathmandu'; SET application_name = 'renamed'")
    found.append(now())
    await conn.execute("RESET ALL")
    return found + [now()]


@case
async def startup_settings():
    conn = await asyncpg.connect(server_settings={"application_name": "given", "statement_timeout": "7s", "jit": "off"})
    try:
        return [await conn.fetchval(f"SHOW {name}") for name in ("application_name", "statement_timeout", "jit")]
    finally:
        await conn.close()


@case
async def a_pool():
    """Each release resets the session: advisory locks, cursors, LISTEN, settings."""
    found = []
    async with asyncpg.create_pool(min_size=1, max_size=2) as pool:
        for n in range(6):
            async with pool.acquire() as conn:
                found.append(await conn.fetchval("SELECT $1::int", n))
                await conn.execute("SET TIME ZONE 'Asia/Kathmandu'")
        found.append(await pool.fetchval("SHOW TimeZone"))
        found += await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(20)))
    return found


@case
@connected
async def large_results(conn):
    rows = await conn.fetch("SELECT n, repeat(md5(n::text), 32) AS filler FROM generate_series(1, 10000) n")
    return [digest(f"{row['n']}:{row['filler']}" for row in rows), digest([await conn.fetchval("SELECT repeat('x', 12000000)")])]


@case
@connected
async def large_parameters(conn):
    text = "0123456789abcdef" * 65536
    found = [tuple(await conn.fetchrow("SELECT length($1::text), md5($1::text)", text))]
    found.append(tuple(await conn.fetchrow("SELECT length($1::bytea), md5($1::bytea)", text.encode())))
    await conn.execute("INSERT INTO jobs (label, document) VALUES ($1, $2)", "asyncpg-large", text)
    return found + [await conn.fetchval("SELECT md5(document) FROM jobs WHERE label = $1", "asyncpg-large")]


@case
@connected
async def empty_queries(conn):
    return [await conn.fetch(""), await conn.fetch("-- nothing"), await conn.fetchval("SELECT 1")]


@case
async def many_connections():
    found = []
    for n in range(40):
        conn = await asyncpg.connect()
        found.append(await conn.fetchval("SELECT $1::int", n))
        await conn.close()
    return found


if __name__ == "__main__":
    case.main()
