"""psycopg 3: simple and extended protocol, text and binary, seen at the level of libpq where bytes matter."""

import asyncio
import threading
import time

import psycopg
import psycopg_pool
from psycopg import pq
from psycopg.rows import dict_row

from cases import Cases, digest, plain, raised

case = Cases()


def connect(**options):
    return psycopg.connect("", autocommit=True, **options)


def raw(result):
    """Everything that libpq tells of a result, values as the bytes that arrived."""
    columns = [
        [
            result.fname(i),
            result.ftable(i),
            result.ftablecol(i),
            result.ftype(i),
            result.fmod(i),
            result.fsize(i),
            result.fformat(i),
        ]
        for i in range(result.nfields)
    ]
    rows = [[result.get_value(row, i) for i in range(result.nfields)] for row in range(result.ntuples)]
    return plain(
        {
            "status": pq.ExecStatus(result.status).name,
            "tag": result.command_status,
            "columns": columns,
            "rows": rows,
        }
    )


def asked(conn, query, params=None, **options):
    cursor = conn.cursor(binary=options.pop("binary", False))
    cursor.execute(query, params, **options)
    found = [raw(cursor.pgresult)]
    while cursor.nextset():
        found.append(raw(cursor.pgresult))
    return found


def told(error):
    """Every field of an error but the place in the server's source."""
    fields = (
        "severity",
        "severity_nonlocalized",
        "sqlstate",
        "message_primary",
        "message_detail",
        "message_hint",
        "statement_position",
        "internal_position",
        "internal_query",
        "context",
        "schema_name",
        "table_name",
        "column_name",
        "datatype_name",
        "constraint_name",
    )
    return [type(error).__name__, {spoken.get(name, name): getattr(error.diag, name) for name in fields}]


# As the other clients call them.
spoken = {"message_primary": "message", "message_hint": "hint", "statement_position": "position"}


def status(conn):
    return conn.info.transaction_status.name


def amounts(conn):
    return [row[0] for row in conn.execute("SELECT label || ' ' || amount FROM jobs ORDER BY label").fetchall()]


all_types = "SELECT * FROM all_types ORDER BY id"


@case
def types_simple_text():
    with connect() as conn:
        return asked(conn, all_types)


@case
def types_extended_text():
    with connect() as conn:
        return asked(conn, "SELECT * FROM all_types WHERE id >= %s ORDER BY id", [0])


@case
def types_extended_binary():
    with connect() as conn:
        return asked(conn, "SELECT * FROM all_types WHERE id >= %s ORDER BY id", [0], binary=True)


@case
def expressions_without_a_table():
    with connect() as conn:
        return asked(conn, "SELECT 1 AS one, NULL, 'x'::char(3), 1.50::numeric(6,3), ARRAY[1,NULL], now() > '2000-01-01'")


@case
def parameters_of_many_types():
    import datetime
    import decimal
    import uuid

    values = [
        7,
        -(2**40),
        1.5,
        decimal.Decimal("123456789.000001"),
        True,
        "it's \\ ünï ✓",
        b"\x00\xff\x01",
        None,
        [1, 2, None],
        ["a", 'b"c', "{}"],
        uuid.UUID("12345678-1234-5678-1234-567812345678"),
        datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 12, 30, 45, 123456, datetime.timezone.utc),
        datetime.timedelta(days=3, seconds=4, microseconds=5),
        psycopg.types.json.Jsonb({"a": [1, None, "x"]}),
    ]
    casts = "int8 int8 float8 numeric bool text bytea text int8[] text[] uuid date timestamptz interval jsonb".split()
    with connect() as conn:
        found = []
        for style in ("%s", "%t", "%b"):
            wanted = ", ".join(f"{style}::{cast}" for cast in casts)
            found.append(asked(conn, f"SELECT {wanted}", values))
        return found


@case
def several_statements_in_one_message():
    with connect() as conn:
        return asked(conn, "SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; INSERT INTO jobs (label) VALUES ('multi'); SELECT NULL")


@case
def several_statements_fail_as_one():
    with connect() as conn:
        error = raised(
            psycopg.errors.DivisionByZero,
            lambda: conn.execute("INSERT INTO jobs (label) VALUES ('lost'); SELECT 1/0; SELECT 3"),
        )
        return [told(error), status(conn), amounts(conn)]


@case
def prepared_and_executed_again():
    with connect() as conn:
        found = []
        for n in range(12):
            found += asked(conn, "SELECT id, words FROM all_types WHERE id <= %s ORDER BY id", [n % 4])
        for n in range(3):
            found += asked(conn, "SELECT %s::int + 1", [n], prepare=True, binary=True)
        return found


@case
def prepared_statements_are_given_up():
    with connect() as conn:
        conn.prepared_max = 2
        conn.prepare_threshold = 0
        found = [conn.execute(f"SELECT {n} + %s::int", [n]).fetchone() for n in range(6)]
        conn.execute("DEALLOCATE ALL")
        return found + [conn.execute("SELECT 5 + %s::int", [1]).fetchone()]


@case
def sql_level_prepare():
    with connect() as conn:
        conn.execute("PREPARE wanted (int) AS SELECT id, words FROM all_types WHERE id = $1")
        found = asked(conn, "EXECUTE wanted (1)") + asked(conn, "EXECUTE wanted (2)")
        conn.execute("DEALLOCATE wanted")
        return found + [told(raised(psycopg.Error, lambda: conn.execute("EXECUTE wanted (1)")))]


@case
def server_side_cursor():
    with connect() as conn, conn.transaction():
        with conn.cursor("reader") as cursor:
            cursor.execute("SELECT n, n * n FROM generate_series(1, %s) n", [25])
            found = [cursor.fetchone(), cursor.fetchmany(10), cursor.fetchmany(10), cursor.fetchall(), cursor.fetchall()]
        with conn.cursor("scroller", scrollable=True, binary=True) as cursor:
            cursor.execute("SELECT id, words FROM all_types ORDER BY id")
            found.append(cursor.fetchmany(2))
            cursor.scroll(-1)
            found.append(cursor.fetchone())
            cursor.scroll(0, mode="absolute")
            found.append(cursor.fetchall())
        return found


@case
def cursors_in_sql():
    with connect() as conn, conn.transaction():
        conn.execute("DECLARE c SCROLL CURSOR FOR SELECT id, words FROM all_types ORDER BY id")
        found = []
        for direction in ("NEXT", "FORWARD 2", "BACKWARD 1", "LAST", "ABSOLUTE 1", "ALL", "PRIOR"):
            found += asked(conn, f"FETCH {direction} FROM c")
        found += asked(conn, "MOVE BACKWARD ALL FROM c") + asked(conn, "CLOSE c")
        return found


@case
def rows_one_by_one():
    with connect() as conn:
        cursor = conn.cursor()
        return [
            list(cursor.stream("SELECT n, md5(n::text) FROM generate_series(1, 50) n")),
            list(cursor.stream("SELECT n FROM generate_series(1, 50) n", size=8)),
        ]


@case
def many_parameter_sets():
    with connect() as conn:
        cursor = conn.cursor()
        cursor.executemany(
            "INSERT INTO jobs (label, amount) VALUES (%s, %s) RETURNING label, amount",
            [(f"many-{n}", n) for n in range(40)],
            returning=True,
        )
        found = [cursor.rowcount, cursor.fetchone()]
        while cursor.nextset():
            found.append(cursor.fetchone())
        return found


@case
def transactions_and_savepoints():
    with psycopg.connect("") as conn:
        found = [status(conn)]
        conn.execute("INSERT INTO jobs (label, amount) VALUES ('kept', 1)")
        found.append(status(conn))
        with conn.transaction():
            conn.execute("UPDATE jobs SET amount = 2 WHERE label = 'kept'")
        try:
            with conn.transaction():
                conn.execute("INSERT INTO jobs (label) VALUES ('undone')")
                conn.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero as error:
            found += [told(error), status(conn)]
        found.append(amounts(conn))
        conn.commit()
        found.append(status(conn))
        conn.execute("INSERT INTO jobs (label) VALUES ('rolled back')")
        conn.rollback()
        return found + [status(conn), amounts(conn)]


@case
def a_failed_transaction():
    with psycopg.connect("") as conn:
        conn.execute("INSERT INTO jobs (label) VALUES ('before the failure')")
        found = [told(raised(psycopg.errors.UniqueViolation, lambda: conn.execute("INSERT INTO jobs (label) VALUES ('first')")))]
        found.append(status(conn))
        found.append(told(raised(psycopg.errors.InFailedSqlTransaction, lambda: conn.execute("SELECT 1"))))
        found.append(told(raised(psycopg.errors.InFailedSqlTransaction, lambda: conn.execute("SELECT %s::int", [1]))))
        conn.rollback()
        found += [status(conn), conn.execute("SELECT 1").fetchone()]
        conn.commit()
        return found + [amounts(conn)]


@case
def isolation_levels():
    with psycopg.connect("") as conn:
        conn.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        conn.read_only = True
        found = [conn.execute("SHOW transaction_isolation").fetchone(), conn.execute("SHOW transaction_read_only").fetchone()]
        error = raised(psycopg.errors.ReadOnlySqlTransaction, lambda: conn.execute("INSERT INTO jobs (label) VALUES ('no')"))
        conn.rollback()
        return found + [told(error)]


# The server answers these itself.
failing = {
    "division": ("SELECT 1/0", None),
    "division in a parameter": ("SELECT 1/%s::int", [0]),
    "no such operator": ("SELECT true + true", None),
    "unique": ("INSERT INTO jobs (label) VALUES ('first')", None),
    "unique, extended": ("INSERT INTO jobs (label) VALUES (%s)", ["first"]),
    "check": ("INSERT INTO jobs (label) VALUES ('')", None),
    "not null": ("INSERT INTO jobs (label) VALUES (NULL)", None),
    "foreign key": ("INSERT INTO jobs (label, parent) VALUES ('orphan', 999)", None),
    "number out of range": ("SELECT 1000000 * 1000000", None),
    "text that is no number": ("SELECT 'abc'::int", None),
    "text that is no date": ("SELECT %s::date", ["2024-02-30"]),
    "an enum's value": ("SELECT 'gloomy'::mood", None),
    "a zero byte": ("SELECT chr(0)", None),
    "too many values": ("INSERT INTO jobs (label) VALUES ('a', 'b')", None),
    "a subquery of several rows": ("SELECT (SELECT id FROM all_types)", None),
    "grouping": ("SELECT label, count(*) FROM jobs", None),
    "no privilege": ("SELECT * FROM forbidden", None),
    "no such savepoint": ("ROLLBACK TO nowhere", None),
    "no such cursor": ("FETCH 1 FROM nowhere", None),
    "a pattern": ("SELECT 'a' ~ '('", None),
}

# Sluice must answer these in the server's words: it never lets them reach the server.
misread = {
    "syntax": ("SELEC 1", None),
    "syntax at the end": ("SELECT 1 FROM", None),
    "syntax, extended": ("SELECT %s FROM WHERE", [1]),
    "no such table": ("SELECT * FROM nowhere", None),
    "no such table, extended": ("SELECT * FROM nowhere WHERE a = %s", [1]),
    "no such column": ("SELECT nothing FROM jobs", None),
    "no such column, with a hint": ("SELECT labell FROM jobs", None),
    "no such table alias": ("SELECT x.label FROM jobs", None),
}


def fail_each(queries):
    found = {}
    with connect() as conn:
        for name, (query, params) in queries.items():
            found[name] = told(raised(psycopg.Error, lambda: conn.execute(query, params)))
            assert conn.execute("SELECT 1").fetchone() == (1,)
    return found


@case
def errors():
    return fail_each(failing)


@case
def errors_of_syntax_and_names():
    return fail_each(misread)


@case
def copy_out():
    with connect() as conn:
        found = []
        for form in ("", " (FORMAT binary)", " (FORMAT csv, HEADER)"):
            for source in ("all_types", "all_types (id, words, bytes)", "(SELECT id, words FROM all_types ORDER BY id DESC)"):
                with conn.cursor().copy(f"COPY {source} TO STDOUT{form}") as copy:
                    found.append(digest(bytes(part) for part in copy) | {"of": source + form})
        return found


@case
def copy_in():
    with connect() as conn:
        cursor = conn.cursor()
        with cursor.copy("COPY jobs (label, amount) FROM STDIN") as copy:
            for n in range(1000):
                copy.write_row((f"text-{n}\t✓", n))
        found = [cursor.statusmessage]
        with cursor.copy("COPY jobs (label, amount) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["text", "numeric"])
            for n in range(1000):
                copy.write_row((f"binary-{n}", n))
        found.append(cursor.statusmessage)
        with cursor.copy("COPY jobs (label) FROM STDIN (FORMAT csv)") as copy:
            copy.write('"csv, one"\n"csv ""two"""\n')
        found.append(cursor.statusmessage)
        return found + [digest(amounts(conn))]


@case
def copy_in_that_fails():
    def bad_row(conn):
        with conn.cursor().copy("COPY jobs (label, amount) FROM STDIN") as copy:
            copy.write("good\t1\nbad\tnot a number\n")

    def twice(conn):
        with conn.cursor().copy("COPY jobs (label) FROM STDIN") as copy:
            copy.write("same\nsame\n")

    def given_up(conn):
        with conn.cursor().copy("COPY jobs (label) FROM STDIN") as copy:
            copy.write("half\n")
            raise RuntimeError("the client changed its mind")

    with connect() as conn:
        found = [
            told(raised(psycopg.errors.InvalidTextRepresentation, lambda: bad_row(conn))),
            told(raised(psycopg.errors.UniqueViolation, lambda: twice(conn))),
        ]
        raised(RuntimeError, lambda: given_up(conn))
        return found + [status(conn), amounts(conn)]


@case
def cancel():
    def interrupted(conn, query, params):
        timer = threading.Timer(0.3, conn.cancel_safe)
        timer.start()
        started = time.monotonic()
        error = raised(psycopg.errors.QueryCanceled, lambda: conn.execute(query, params))
        timer.join()
        assert time.monotonic() - started < 10
        return told(error)

    with connect() as conn:
        found = [interrupted(conn, "SELECT pg_sleep(30)", None), interrupted(conn, "SELECT pg_sleep(%s)", [30])]
        found.append(conn.execute("SELECT 'alive'").fetchone())
        conn.execute("BEGIN")
        found.append(interrupted(conn, "SELECT pg_sleep(30)", None))
        found.append(status(conn))
        conn.execute("ROLLBACK")
        return found


@case
def statement_timeout():
    with connect() as conn:
        conn.execute("SET statement_timeout = '200ms'")
        error = raised(psycopg.errors.QueryCanceled, lambda: conn.execute("SELECT pg_sleep(30)"))
        return [told(error), conn.execute("SELECT 1").fetchone()]


@case
def notifications():
    with connect() as conn, connect() as other:
        conn.execute('LISTEN news; LISTEN "Other News"')
        other.execute("NOTIFY news, 'from another'")
        other.execute("SELECT pg_notify(%s, %s)", ["Other News", "by a function ✓"])
        found = [[note.channel, note.payload] for note in conn.notifies(timeout=10, stop_after=2)]
        conn.execute("NOTIFY news, 'own'")
        with conn.transaction():
            conn.execute("NOTIFY news, 'twice'")
            conn.execute("NOTIFY news, 'twice'")
        # Their backend is this connection itself.
        heard = list(conn.notifies(timeout=10, stop_after=2))
        found += [[note.channel, note.payload, note.pid == conn.info.backend_pid] for note in heard]
        conn.execute("UNLISTEN news")
        other.execute("NOTIFY news, 'to nobody'")
        return found + [len(list(conn.notifies(timeout=0.2)))]


@case
def two_phases():
    conn = psycopg.connect("")
    conn.tpc_begin(conn.xid(1, "psycopg", "one"))
    conn.execute("INSERT INTO jobs (label) VALUES ('in two phases')")
    try:
        conn.tpc_prepare()
        conn.tpc_commit()
        return connect().execute("DELETE FROM jobs WHERE label = 'in two phases'").statusmessage
    except psycopg.Error as error:
        return told(error)
    finally:
        conn.close()


@case
def large_objects():
    """By functions of the server, in SQL."""
    with psycopg.connect("") as conn:
        try:
            oid = conn.execute("SELECT lo_from_bytea(0, %s)", [b"large"]).fetchone()[0]
            return conn.execute("SELECT lo_get(%s)", [oid]).fetchone()[0]
        except psycopg.Error as error:
            return told(error)


@case
def a_pool():
    found = []
    with psycopg_pool.ConnectionPool("", min_size=1, max_size=3, timeout=10) as pool:

        def work(n):
            with pool.connection() as conn:
                found.append(conn.execute("SELECT %s::int", [n]).fetchone()[0])

        threads = [threading.Thread(target=work, args=[n]) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.sort()

        def undone():
            with pool.connection() as conn:
                conn.execute("INSERT INTO jobs (label) VALUES ('never')")
                conn.execute("SELECT 1/0")

        found.append(told(raised(psycopg.errors.DivisionByZero, undone)))
        with pool.connection() as conn:
            found.append(status(conn))
            found.append(conn.execute("SELECT count(*) FROM jobs WHERE label = 'never'").fetchone())
            conn.close()
        with pool.connection() as conn:
            found.append(conn.execute("SELECT 'a new one'").fetchone())
        pool.check()
        waiting = [pool.getconn() for _ in range(3)]
        found.append(type(raised(psycopg_pool.PoolTimeout, lambda: pool.getconn(timeout=0.1))).__name__)
        for conn in waiting:
            pool.putconn(conn)
    return found


@case
async def with_asyncio():
    found = []
    async with await psycopg.AsyncConnection.connect("", autocommit=True, row_factory=dict_row) as conn:
        found.append(await (await conn.execute("SELECT %s::int AS n, %s AS words", [1, "x"])).fetchall())
        async with conn.pipeline():
            cursors = [await conn.execute("SELECT %s::int AS n", [n]) for n in range(10)]
            found += [await cursor.fetchone() for cursor in cursors]
        async with conn.transaction(), conn.cursor("reader") as cursor:
            await cursor.execute("SELECT n FROM generate_series(1, 25) n")
            found += [await cursor.fetchmany(10), [row async for row in cursor]]
        async with conn.cursor().copy("COPY (SELECT id, words FROM all_types ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
            found.append(digest([bytes(part) async for part in copy]))
        try:
            # The task's end cancels the statement.
            await asyncio.wait_for(conn.execute("SELECT pg_sleep(30)"), 0.3)
        except asyncio.TimeoutError:
            found.append([conn.closed, status(conn)])
        found.append(await (await conn.execute("SELECT 'alive' AS state")).fetchone())
    async with psycopg_pool.AsyncConnectionPool("", min_size=2, open=False) as pool:

        async def work(n):
            async with pool.connection() as conn:
                return await (await conn.execute("SELECT %s::int", [n])).fetchone()

        found += await asyncio.gather(*(work(n) for n in range(10)))
    return found


@case
def placeholders():
    """Of the client (the simple protocol) and of the server, as they are."""
    with psycopg.ClientCursor(connect()) as cursor:
        found = [cursor.execute("SELECT %s, %s::int, %s", ["it's ✓", 7, b"\x00\xff"]).fetchone()]
        found.append(cursor.execute("SELECT 1 AS a; SELECT %s AS b", [2]).fetchall())
        cursor.connection.close()
    with psycopg.RawCursor(connect()) as cursor:
        found.append(cursor.execute("SELECT $2::int - $1::int, $1", [1, 5]).fetchall())
        cursor.connection.close()
    return found


@case
def types_that_the_catalogue_tells():
    with connect() as conn:
        found = []
        info = psycopg.types.composite.CompositeInfo.fetch(conn, "place")
        psycopg.types.composite.register_composite(info, conn)
        mood = psycopg.types.enum.EnumInfo.fetch(conn, "mood")
        psycopg.types.enum.register_enum(mood, conn)
        psycopg.types.TypeInfo.fetch(conn, "address").register(conn)
        for binary in (False, True):
            cursor = conn.cursor(binary=binary)
            cursor.execute("SELECT home, feeling, moods, mail FROM all_types WHERE id = %s", [1])
            found.append([repr(value) for value in cursor.fetchone()])
        cursor.execute("SELECT %s::mood", [list(mood.enum)[2]])
        return found + [[repr(value) for value in cursor.fetchone()], list(info.field_names), list(mood.labels)]


@case
def parameters_of_own_types():
    """A composite type, and a domain."""
    with connect() as conn:
        info = psycopg.types.composite.CompositeInfo.fetch(conn, "place")
        psycopg.types.composite.register_composite(info, conn)
        found = []
        for query, value in (("SELECT %s::place", info.python_type("Main St", 5)), ("SELECT %s::address", "ann@example.com")):
            try:
                found.append(repr(conn.execute(query, [value]).fetchone()))
            except psycopg.Error as error:
                found.append(told(error))
        return found


@case
def notices():
    found = []
    with connect() as conn:
        conn.add_notice_handler(
            lambda diag: found.append([diag.severity, diag.sqlstate, diag.message_primary, diag.message_detail, diag.context])
        )
        conn.execute("BEGIN")
        conn.execute("BEGIN")
        conn.execute("COMMIT")
        conn.execute("COMMIT")
        conn.execute("SET LOCAL work_mem = '1MB'")
        conn.execute(f"SELECT 1 AS {'long' * 20}")
        conn.execute("INSERT INTO noisy (label) VALUES (%s)", ["loud"])
        conn.execute("SET client_min_messages = error")
        conn.execute("INSERT INTO noisy (label) VALUES ('quiet')")
    assert len(found) == 5, found
    return found


# Sluice pins search_path at the login, so its value is its own.
reported = (
    "server_version server_encoding client_encoding application_name is_superuser session_authorization DateStyle "
    "IntervalStyle TimeZone integer_datetimes standard_conforming_strings default_transaction_read_only in_hot_standby"
).split()


@case
def parameter_status():
    with psycopg.connect("application_name=first", autocommit=True) as conn:

        def now():
            return {name: conn.pgconn.parameter_status(name.encode()) for name in reported}

        found = [now()]
        conn.execute("SET application_name = 'second'")
        conn.execute("SET TIME ZONE 'Asia/Kathmandu'")
        conn.execute("SET DateStyle = 'SQL, DMY'")
        conn.execute("SELECT set_config('IntervalStyle', %s, false)", ["iso_8601"])
        found += [now(), asked(conn, "SELECT '2024-02-29 12:00Z'::timestamptz, '1 day'::interval")]
        conn.execute("BEGIN; SET TIME ZONE 'UTC'")
        found.append(now())
        conn.execute("ROLLBACK")
        found.append(now())
        conn.execute("RESET TimeZone")
        return found + [now()]


@case
def startup_options():
    options = "-c statement_timeout=7s -c DateStyle=German,DMY --extra_float_digits=0"
    with psycopg.connect("", options=options, autocommit=True) as conn:
        return [
            [conn.execute(f"SHOW {name}").fetchone() for name in ("statement_timeout", "DateStyle", "extra_float_digits")],
            asked(conn, "SELECT '2024-02-29'::date, 0.1::float8 + 0.2"),
        ]


@case
def large_results():
    query = "SELECT n, repeat(md5(n::text), 32) AS filler FROM generate_series(1, 10000) n"
    with connect() as conn:
        found = []
        for binary in (False, True):
            cursor = conn.cursor(binary=binary)
            cursor.execute(query)
            result = cursor.pgresult
            found.append(digest(result.get_value(row, i) for row in range(result.ntuples) for i in (0, 1)))
        assert found[0]["bytes"] > 10_000_000
        found.append(digest(row[1] for row in conn.cursor().stream(query)))
        found.append(digest([conn.execute("SELECT repeat('x', 12000000)").fetchone()[0]]))
        return found


@case
def large_parameters():
    text = "0123456789abcdef" * 65536
    with connect() as conn:
        found = [conn.execute("SELECT length(%s::text), md5(%s::text)", [text, text]).fetchone()]
        found.append(conn.execute("SELECT length(%b::bytea), md5(%b::bytea)", [text.encode()] * 2).fetchone())
        conn.execute("INSERT INTO jobs (label, document) VALUES (%s, %s)", ["large", text])
        found.append(conn.execute("SELECT length(document), md5(document) FROM jobs WHERE label = 'large'").fetchone())
        found.append(digest([conn.execute("SELECT document FROM jobs WHERE label = %s", ["large"]).fetchone()[0]]))
        return found


@case
def empty_queries():
    with connect() as conn:
        found = []
        for query in ("", "  ", ";", "-- nothing\n", "/* nothing */ ;"):
            found.append(raw(conn.pgconn.exec_(query.encode())))
            found.append(raw(conn.pgconn.exec_params(query.encode(), None)))
        return found + [conn.execute("SELECT 1").fetchone()]


@case
def queries_with_comments():
    with connect() as conn:
        return asked(conn, "/* before */ SELECT 1 AS a -- after\n, /* /* nested */ */ 2 AS b; -- end") + asked(
            conn, "SELECT %s::text AS \"a 'quoted' \"\"name\"\"\", $$dollar$$ AS d, E'\\n' AS e, U&'\\0041' AS u", ["x"]
        )


@case
def a_pipeline():
    with connect() as conn:
        with conn.pipeline():
            cursors = [conn.execute("SELECT %s::int * 2, %s::text", [n, f"row {n}"]) for n in range(50)]
            found = [cursor.fetchall() for cursor in cursors]
        with conn.pipeline() as pipeline:
            first = conn.execute("INSERT INTO jobs (label) VALUES ('piped') RETURNING label")
            pipeline.sync()
            second = conn.execute("SELECT count(*) FROM jobs WHERE label = %s", ["piped"])
            found += [first.fetchall(), second.fetchall()]
        return found


@case
def pipelines_in_transactions():
    """Each nested block waits for what is queued; a savepoint is a statement of the pipeline too."""
    with connect() as conn:
        found = []
        with conn.pipeline(), conn.transaction():
            conn.execute("INSERT INTO jobs (label) VALUES (%s)", ["kept in a pipeline"])
            try:
                with conn.transaction():
                    conn.execute("INSERT INTO jobs (label) VALUES (%s)", ["undone in a pipeline"])
                    conn.execute("SELECT 1/%s::int", [0])
            except psycopg.Error as error:
                found.append(told(error))
            found.append(conn.execute("SELECT label FROM jobs WHERE label LIKE '%pipeline' ORDER BY id").fetchall())
        return found + [status(conn)]


@case
def many_parameter_sets_that_fail():
    """executemany is a pipeline: what stands before the failure, and after it, is lost with it."""
    with connect() as conn:
        cursor = conn.cursor()
        rows = [("set-1",), ("first",), ("set-3",)]
        error = raised(psycopg.Error, lambda: cursor.executemany("INSERT INTO jobs (label) VALUES (%s)", rows))
        return [told(error), status(conn), amounts(conn)]


@case
def a_raw_pipeline():
    """libpq's own: parse errors, describes, several syncs and a flush in one go."""
    conn = psycopg.connect("", autocommit=True)
    pgconn = conn.pgconn
    pgconn.nonblocking = 1
    pgconn.enter_pipeline_mode()
    pgconn.send_prepare(b"s1", b"SELECT $1::int + 1 AS n")
    pgconn.send_describe_prepared(b"s1")
    pgconn.send_query_prepared(b"s1", [b"41"])
    pgconn.pipeline_sync()
    pgconn.send_query_params(b"SELECT 1/0", None)
    pgconn.send_query_prepared(b"s1", [b"1"])
    pgconn.send_prepare(b"s2", b"SELECT 2")
    pgconn.pipeline_sync()
    pgconn.send_query_params(b"SELEC", None)
    pgconn.pipeline_sync()
    pgconn.send_query_prepared(b"s2", None)
    pgconn.pipeline_sync()
    pgconn.send_query_prepared(b"s1", [b"5"], result_format=1)
    pgconn.send_flush_request()
    while pgconn.flush():
        pass
    found = []
    # A missing result ends the answer to each command; the last command waits for no sync.
    ended = 0
    while ended < 9:
        result = pgconn.get_result()
        if result is None:
            ended += 1
            continue
        state = pq.ExecStatus(result.status).name
        if state == "PIPELINE_SYNC":
            found.append(state)
        elif state == "FATAL_ERROR":
            found.append([state, result.error_field(pq.DiagnosticField.SQLSTATE)])
        else:
            found.append(raw(result))
    pgconn.pipeline_sync()
    found.append(pgconn.get_result() and "result")
    conn.close()
    return found


@case
def a_pipeline_that_fails():
    """Answers may be there before everything is sent: then it is a later call that raises, and what was not sent is lost too."""
    with connect() as conn:
        errors = []
        with conn.pipeline() as pipeline:
            cursors = [conn.cursor() for _ in range(10)]
            for n, cursor in enumerate(cursors):
                amount = 0 if n == 3 else 1
                try:
                    cursor.execute("INSERT INTO jobs (label, amount) VALUES (%s, 1 / %s::int) RETURNING label", [f"p{n}", amount])
                except psycopg.Error as error:
                    errors.append(error)
            try:
                pipeline.sync()
            except psycopg.Error as error:
                errors.append(error)
            outcomes = [told(error) for error in errors if not isinstance(error, psycopg.errors.PipelineAborted)]
            for cursor in cursors:
                try:
                    outcomes.append(cursor.fetchall())
                except psycopg.Error:
                    outcomes.append("nothing")
        return outcomes + [status(conn), amounts(conn)]


@case
def explain_and_show():
    with connect() as conn:
        return [
            asked(conn, "EXPLAIN (COSTS OFF) SELECT * FROM jobs WHERE id = 1"),
            asked(conn, "SHOW server_version"),
            asked(conn, "VALUES (1, 'a'), (2, 'b')"),
            asked(conn, "TABLE jobs"),
            asked(conn, "SELECT current_user, session_user, current_database(), current_schema()"),
            asked(conn, "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t"),
            asked(conn, "UPDATE jobs SET amount = amount + 1 WHERE label = 'first' RETURNING *"),
            asked(conn, "INSERT INTO jobs (label) VALUES ('first') ON CONFLICT (label) DO UPDATE SET amount = 9 RETURNING label, amount"),
        ]


@case
def many_connections():
    found = []
    for n in range(40):
        with connect() as conn:
            found.append(conn.execute("SELECT %s::int", [n]).fetchone()[0])
    return found


if __name__ == "__main__":
    case.main()
