"""psycopg2: the simple protocol only."""

import datetime
import decimal
import io
import threading

import psycopg2
import psycopg2.extras
import psycopg2.pool
from psycopg2 import extensions

from cases import Cases, digest, raised, ready

case = Cases()


def connect():
    conn = psycopg2.connect("")
    conn.autocommit = True
    # Values stay the text that arrived.
    plain_text = psycopg2.extensions.new_type(every_type, "PLAIN", lambda value, cursor: value)
    psycopg2.extensions.register_type(plain_text, conn)
    return conn


every_type = tuple(range(16, 5000)) + tuple(range(16384, 17000))


def asked(conn, query, params=None):
    with conn.cursor() as cursor:
        cursor.execute(query, params)
        columns = [tuple(column) for column in cursor.description or ()]
        rows = cursor.fetchall() if cursor.description else None
        return [cursor.statusmessage, columns, rows]


def told(error):
    """Every field of an error but the place in the server's source."""
    diag = error.diag
    return {
        "type": type(error).__name__,
        "sqlstate": error.pgcode,
        "severity": diag.severity,
        "message": diag.message_primary or str(error).strip(),
        "detail": diag.message_detail,
        "hint": diag.message_hint,
        "position": diag.statement_position,
        "context": diag.context,
        "schema": diag.schema_name,
        "table": diag.table_name,
        "column": diag.column_name,
        "constraint": diag.constraint_name,
    }


def labels(conn):
    return asked(conn, "SELECT label FROM jobs ORDER BY label")[2]


@case
def types():
    return asked(connect(), "SELECT * FROM all_types ORDER BY id")


@case
def decoded_values():
    conn = psycopg2.connect("")
    with conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        # The years of the others are none that Python has.
        cursor.execute("SELECT * FROM all_types WHERE id IN (0, 1, 3) ORDER BY id")
        return [dict(row) for row in cursor.fetchall()]


@case
def parameters():
    return asked(
        connect(),
        "SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s",
        [
            7,
            "it's \\ ✓",
            b"\x00\xff",
            None,
            [1, 2],
            psycopg2.extras.Json({"a": [None]}),
            decimal.Decimal("1.50"),
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
            datetime.timedelta(days=3, seconds=4),
        ],
    )


@case
def sql_level_prepare():
    conn = connect()
    asked(conn, "PREPARE wanted (int) AS SELECT id, words FROM all_types WHERE id = $1")
    found = [asked(conn, "EXECUTE wanted (%s)", [n]) for n in (1, 2, 1)]
    asked(conn, "DEALLOCATE wanted")
    return found + [told(raised(psycopg2.Error, lambda: asked(conn, "EXECUTE wanted (1)")))]


@case
def pages_of_parameter_sets():
    """Joined by the client into large statements, or into messages of several."""
    conn = connect()
    with conn.cursor() as cursor:
        cursor.executemany("INSERT INTO jobs (label) VALUES (%s)", [("many-1",), ("many-2",)])
        rows = [(f"page-{n}", n) for n in range(250)]
        psycopg2.extras.execute_batch(cursor, "INSERT INTO jobs (label, amount) VALUES (%s, %s)", rows)
        found = psycopg2.extras.execute_values(
            cursor,
            "INSERT INTO jobs (label, amount) VALUES %s RETURNING label, amount",
            [(f"value-{n}", n) for n in range(250)],
            fetch=True,
        )
        error = raised(
            psycopg2.Error,
            lambda: psycopg2.extras.execute_batch(
                cursor, "INSERT INTO jobs (label) VALUES (%s)", [("before",), ("first",), ("behind",)]
            ),
        )
    return [digest(map(str, found)), told(error), digest(row[0] for row in labels(conn))]


@case
def several_statements_in_one_message():
    conn = connect()
    return [
        asked(conn, "SELECT 1; INSERT INTO jobs (label) VALUES ('two'); SELECT label FROM jobs ORDER BY id"),
        told(raised(psycopg2.Error, lambda: asked(conn, "INSERT INTO jobs (label) VALUES ('lost'); SELECT 1/0"))),
        asked(conn, "SELECT label FROM jobs ORDER BY id"),
    ]


@case
def server_side_cursor():
    conn = connect()
    conn.autocommit = False
    with conn.cursor("reader", scrollable=True) as cursor:
        cursor.itersize = 10
        cursor.execute("SELECT n, md5(n::text) FROM generate_series(1, 35) n")
        found = [cursor.fetchone(), cursor.fetchmany(5), list(cursor)]
        cursor.scroll(0, mode="absolute")
        found.append(cursor.fetchall())
    conn.rollback()
    return found


@case
def a_cursor_that_outlives_its_transaction():
    conn = connect()
    conn.autocommit = False
    holding = conn.cursor("holder", withhold=True)
    holding.execute("SELECT n FROM generate_series(1, 25) n")
    found = [holding.fetchmany(5)]
    conn.commit()
    found.append(holding.fetchmany(5))
    conn.rollback()
    found += [holding.fetchall(), conn.get_transaction_status()]
    holding.close()
    conn.commit()
    closed = conn.cursor("reader")
    closed.execute("SELECT 1")
    conn.commit()
    return found + [told(raised(psycopg2.Error, closed.fetchone))]


@case
def cursors_of_the_client():
    conn = connect()
    with conn.cursor() as cursor:
        cursor.execute("SELECT n, n * n AS square FROM generate_series(1, 12) n")
        found = [cursor.rowcount, cursor.fetchone(), cursor.fetchmany(3)]
        cursor.scroll(-2)
        found += [cursor.fetchone(), cursor.rownumber, list(cursor)]
    with conn.cursor(cursor_factory=psycopg2.extras.NamedTupleCursor) as cursor:
        cursor.execute("SELECT 1 AS one, 'x' AS two")
        found.append(str(cursor.fetchone()))
    return found


@case
def transactions():
    conn = connect()
    conn.autocommit = False
    found = [conn.get_transaction_status()]
    asked(conn, "INSERT INTO jobs (label) VALUES ('psycopg2')")
    found.append(conn.get_transaction_status())
    asked(conn, "SAVEPOINT s")
    found.append(told(raised(psycopg2.errors.DivisionByZero, lambda: asked(conn, "SELECT 1/0"))))
    found.append(conn.get_transaction_status())
    found.append(told(raised(psycopg2.errors.InFailedSqlTransaction, lambda: asked(conn, "SELECT 1"))))
    asked(conn, "ROLLBACK TO s")
    found.append(asked(conn, "SELECT label FROM jobs ORDER BY id"))
    conn.commit()
    found.append(conn.get_transaction_status())
    return found


@case
def sessions_of_transactions():
    conn = psycopg2.connect("")
    conn.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
    found = [asked(conn, f"SHOW transaction_{name}")[2] for name in ("isolation", "read_only", "deferrable")]
    found.append(told(raised(psycopg2.Error, lambda: asked(conn, "INSERT INTO jobs (label) VALUES ('no')"))))
    conn.rollback()
    conn.set_session(readonly=False, autocommit=True)
    found.append(conn.get_transaction_status())
    with conn:
        asked(conn, "INSERT INTO jobs (label) VALUES ('block')")
    conn.autocommit = False

    def undone():
        with conn:
            asked(conn, "INSERT INTO jobs (label) VALUES ('undone')")
            asked(conn, "SELECT 1/0")

    found += [told(raised(psycopg2.errors.DivisionByZero, undone)), conn.get_transaction_status()]
    return found + [labels(conn)]


@case
def two_phases():
    conn = psycopg2.connect("")
    conn.tpc_begin(conn.xid(1, "psycopg2", "one"))
    asked(conn, "INSERT INTO jobs (label) VALUES ('in two phases')")
    try:
        conn.tpc_prepare()
        conn.tpc_commit()
        return asked(connect(), "DELETE FROM jobs WHERE label = 'in two phases'")[0]
    except psycopg2.Error as error:
        return told(error)


@case
def large_objects():
    """By functions of the server, in SQL."""
    conn = psycopg2.connect("")
    try:
        stored = conn.lobject(0, "wb")
        stored.write(b"large")
        stored.close()
        return conn.lobject(stored.oid, "rb").read()
    except psycopg2.Error as error:
        return told(error)


@case
def errors():
    conn = connect()
    queries = (
        "SELEC 1",
        "SELECT * FROM nowhere",
        "INSERT INTO jobs (label) VALUES ('first')",
        "INSERT INTO jobs (label) VALUES ('')",
        "INSERT INTO jobs (label, parent) VALUES ('orphan', 999)",
        "SELECT 'abc'::int",
        "SELECT 1/0",
        "SELECT nothing FROM jobs",
        "SELECT * FROM forbidden",
    )
    return [told(raised(psycopg2.Error, lambda: asked(conn, query))) for query in queries]


@case
def copies():
    conn = connect()
    found = []
    with conn.cursor() as cursor:
        for form in ("", " (FORMAT csv)", " (FORMAT binary)"):
            out = io.BytesIO()
            cursor.copy_expert(f"COPY all_types TO STDOUT{form}", out)
            found.append(digest([out.getvalue()]))
        cursor.copy_expert("COPY jobs (label) FROM STDIN", io.StringIO("".join(f"psycopg2-{n}\n" for n in range(500))))
        found.append(cursor.statusmessage)
        bad = io.StringIO("x\ty\n")
        error = raised(psycopg2.Error, lambda: cursor.copy_expert("COPY jobs (label) FROM STDIN", bad))
        found.append(told(error))
    return found + [asked(conn, "SELECT count(*) FROM jobs")]


@case
def copies_of_tables():
    conn = connect()
    with conn.cursor() as cursor:
        cursor.copy_from(io.StringIO("copied\t1\ncopied too\t\\N\n"), "jobs", columns=("label", "amount"))
        found = [cursor.statusmessage]
        out = io.StringIO()
        cursor.copy_to(out, "jobs", columns=("label", "amount"), sep="|", null="-")
        found += [out.getvalue(), cursor.statusmessage]

        class Failing(io.StringIO):
            def read(self, size=-1):
                raise RuntimeError("the client changed its mind")

        try:
            cursor.copy_expert("COPY jobs (label) FROM STDIN", Failing())
        except Exception as error:
            found.append([type(error).__name__, getattr(error, "pgcode", None)])
    return found + [conn.get_transaction_status(), labels(conn)]


@case
def cancel():
    conn = connect()
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    error = raised(psycopg2.errors.QueryCanceled, lambda: asked(conn, "SELECT pg_sleep(30)"))
    timer.join()
    return [told(error), asked(conn, "SELECT 1")]


@case
def a_timeout_of_the_server():
    conn = psycopg2.connect("", options="-c statement_timeout=200")
    error = raised(psycopg2.errors.QueryCanceled, lambda: asked(conn, "SELECT pg_sleep(30)"))
    return [told(error), conn.get_transaction_status()]


@case
def without_waiting():
    """The connection's other mode: the caller waits for the socket, and may cancel."""
    conn = psycopg2.connect("", async_=1)
    psycopg2.extras.wait_select(conn)
    with conn.cursor() as cursor:
        cursor.execute("SELECT n, repeat('x', 1000) FROM generate_series(1, 500) n")
        psycopg2.extras.wait_select(conn)
        found = [digest(map(str, cursor.fetchall()))]
        cursor.execute("SELECT pg_sleep(30)")
        threading.Timer(0.3, conn.cancel).start()
        found.append(told(raised(psycopg2.Error, lambda: psycopg2.extras.wait_select(conn))))
        cursor.execute("SELECT 1")
        psycopg2.extras.wait_select(conn)
        return found + [cursor.fetchall()]


@case
def notifications():
    conn, other = connect(), connect()
    asked(conn, 'LISTEN news; LISTEN "Other News"')
    asked(other, "NOTIFY news, 'from another'")
    asked(other, "SELECT pg_notify('Other News', %s)", ["by a function ✓"])
    asked(conn, "NOTIFY news")
    conn.autocommit = False
    asked(conn, "NOTIFY news, 'undone'")
    conn.rollback()
    asked(conn, "NOTIFY news, 'twice'; NOTIFY news, 'twice'")
    conn.commit()
    conn.autocommit = True
    ready(conn, lambda: conn.poll() or len(conn.notifies) >= 4)
    found = [[note.channel, note.payload, note.pid == conn.get_backend_pid()] for note in conn.notifies]
    asked(conn, "UNLISTEN *")
    asked(other, "NOTIFY news, 'to nobody'")
    asked(conn, "SELECT 1")
    conn.poll()
    return found + [len(conn.notifies)]


@case
def notices():
    conn = connect()
    asked(conn, "INSERT INTO noisy (label) VALUES ('psycopg2')")
    asked(conn, "COMMIT")
    return conn.notices


@case
def a_large_result():
    rows = asked(connect(), "SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, 10000) n")[2]
    return digest(f"{n}:{filler}" for n, filler in rows)


@case
def a_large_parameter():
    text = "0123456789abcdef" * 4096
    conn = connect()
    found = [asked(conn, "SELECT length(%s), md5(%s)", [text, text])[2]]
    asked(conn, "INSERT INTO jobs (label, document) VALUES ('large', %s)", [text])
    return found + [asked(conn, "SELECT length(document), md5(document) FROM jobs WHERE label = 'large'")[2]]


@case
def a_pool():
    pool = psycopg2.pool.ThreadedConnectionPool(1, 3, "")
    found = []

    def work(n):
        conn = pool.getconn()
        try:
            found.append(asked(conn, "SELECT %s::int", [n])[2])
            raised(psycopg2.errors.DivisionByZero, lambda: asked(conn, "SELECT 1/0"))
        finally:
            # What it left open is rolled back here.
            pool.putconn(conn)

    for round in range(4):
        threads = [threading.Thread(target=work, args=[round * 3 + n]) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    conns = [pool.getconn() for _ in range(3)]
    found.sort()
    found.append(str(raised(psycopg2.pool.PoolError, pool.getconn)))
    found += [conn.get_transaction_status() for conn in conns]
    asked(conns[0], "SET statement_timeout = '9s'")
    conns[0].commit()
    conns[0].reset()
    found.append(asked(conns[0], "SHOW statement_timeout"))
    pool.closeall()
    return found


@case
def what_the_server_reports():
    conn = psycopg2.connect("application_name=given", options="-c DateStyle=German,DMY")
    found = [conn.get_parameter_status(name) for name in reported] + [conn.server_version, conn.encoding]
    asked(conn, "SET TIME ZONE 'Asia/Kathmandu'; SET application_name = 'renamed'")
    return found + [conn.get_parameter_status(name) for name in reported] + [asked(conn, "SELECT '2024-02-29'::date")]


reported = "server_version client_encoding application_name is_superuser session_authorization DateStyle TimeZone".split()


@case
def an_empty_query():
    conn = connect()
    return [str(raised(psycopg2.Error, lambda: asked(conn, ""))), asked(conn, "SELECT 1")]


if __name__ == "__main__":
    case.main()
