"""psycopg2: the simple protocol only."""

import io
import threading

import psycopg2
import psycopg2.extras

from cases import Cases, digest, raised

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
    diag = error.diag
    own = error.pgcode not in answered_by_sluice
    return [
        type(error).__name__,
        error.pgcode,
        diag.severity,
        diag.message_primary,
        diag.message_detail,
        diag.message_hint if own else None,
        diag.statement_position if own else None,
        diag.context,
        diag.schema_name,
        diag.table_name,
        diag.column_name,
        diag.constraint_name,
    ]


# Where and with which hint Sluice says these in the server's place is psycopg's case.
answered_by_sluice = ("42601", "42P01", "42703")


@case
def types():
    return asked(connect(), "SELECT * FROM all_types ORDER BY id")


@case
def parameters():
    return asked(
        connect(),
        "SELECT %s, %s, %s, %s, %s, %s",
        [7, "it's \\ ✓", b"\x00\xff", None, [1, 2], psycopg2.extras.Json({"a": [None]})],
    )


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
def errors():
    conn = connect()
    queries = (
        "SELEC 1",
        "SELECT * FROM nowhere",
        "INSERT INTO jobs (label) VALUES ('first')",
        "INSERT INTO jobs (label) VALUES ('')",
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
def cancel():
    conn = connect()
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    error = raised(psycopg2.errors.QueryCanceled, lambda: asked(conn, "SELECT pg_sleep(30)"))
    timer.join()
    return [told(error), asked(conn, "SELECT 1")]


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
def an_empty_query():
    conn = connect()
    return [str(raised(psycopg2.Error, lambda: asked(conn, ""))), asked(conn, "SELECT 1")]


if __name__ == "__main__":
    case.main()
