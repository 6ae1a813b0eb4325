"""Protected columns by every Python client, in text and binary, by every way rows leave a server."""

import io

import asyncpg
import psycopg
import psycopg2

from cases import Cases

case = Cases()

columns = "id, name, email, ssn, card"
ways = {
    "named": f"SELECT {columns} FROM customers WHERE id <= 5 ORDER BY id",
    "star": "SELECT * FROM customers WHERE id <= 5 ORDER BY id",
    "alias": "SELECT c.ssn AS number, c.email AS \"select\", c.card AS name FROM customers AS c WHERE c.id <= 5 ORDER BY c.id",
    "twice": "SELECT ssn, ssn, id, ssn AS again FROM customers WHERE id <= 5 ORDER BY id",
    "join": (
        "SELECT o.id, o.total, c.email, c.card FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE o.id <= 20 ORDER BY o.id"
    ),
}


def text(rows):
    return [[None if value is None else value.decode() for value in row] for row in rows]


def raw(result):
    return [[result.get_value(row, i) for i in range(result.nfields)] for row in range(result.ntuples)]


@case
def psycopg_simple():
    with psycopg.connect("", autocommit=True) as conn:
        return {name: text(raw(conn.execute(query).pgresult)) for name, query in ways.items()}


@case
def psycopg_binary():
    """As text: the binary form of text is its bytes; of the other columns only the protected ones are looked at."""
    with psycopg.connect("", autocommit=True) as conn:
        query = "SELECT email, ssn, card, name FROM customers WHERE id <= %s ORDER BY id"
        cursor = conn.cursor(binary=True)
        found = [text(raw(cursor.execute(query, [5]).pgresult)) for _ in range(8)]
        star = cursor.execute("SELECT * FROM customers WHERE id <= %s ORDER BY id", [5]).pgresult
        names = [star.fname(i).decode() for i in range(star.nfields)]
        found.append(text([row[names.index(name)] for name in ("email", "ssn", "card")] for row in raw(star)))
        assert all(star.fformat(i) == 1 for i in range(star.nfields))
        return found


@case
def psycopg_server_side_cursors():
    found = []
    with psycopg.connect("") as conn:
        for binary in (False, True):
            with conn.cursor(f"reader{int(binary)}", binary=binary) as cursor:
                cursor.execute("SELECT email, ssn, card FROM customers ORDER BY id")
                found.append([cursor.fetchmany(3), cursor.fetchone(), cursor.fetchmany(2)])
        return found


copies = (
    "customers",
    "customers (ssn, id, name)",
    "(SELECT id, email, ssn, card, notes, balance FROM customers ORDER BY id)",
    "(SELECT o.id, c.email AS card, o.total FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id LIMIT 50)",
)
forms = ("", " (DELIMITER ',', HEADER)", " (FORMAT csv)", " (FORMAT csv, HEADER, FORCE_QUOTE *, NULL '-')", " (FORMAT binary)")


@case
def psycopg_copy():
    """As one byte for each character, so that what stands between the values is compared too."""
    with psycopg.connect("", autocommit=True) as conn:
        found = {}
        for source in copies:
            for form in forms:
                with conn.cursor().copy(f"COPY {source} TO STDOUT{form}") as copy:
                    found[source + form] = [bytes(part).decode("latin1") for part in copy]
        return found


@case
def psycopg_copied_rows():
    with psycopg.connect("") as conn:
        found = []
        for form in ("text", "binary"):
            with conn.cursor().copy(f"COPY (SELECT email, ssn, card FROM customers ORDER BY id) TO STDOUT (FORMAT {form})") as copy:
                copy.set_types(["text", "text", "text"])
                found.append(list(copy.rows()))
        return found + [conn.execute("SELECT email FROM customers WHERE id = 7").fetchone()]


@case
def psycopg_row_by_row():
    with psycopg.connect("", autocommit=True) as conn:
        return list(conn.cursor().stream("SELECT id, email, ssn, card FROM customers WHERE id <= 30 ORDER BY id"))


@case
def psycopg_pipeline():
    with psycopg.connect("", autocommit=True) as conn, conn.pipeline():
        query = "SELECT email, ssn, card FROM customers WHERE id = %s"
        return [cursor.fetchone() for cursor in [conn.execute(query, [n]) for n in range(1, 21)]]


@case
def psycopg_several_statements():
    with psycopg.connect("", autocommit=True) as conn:
        cursor = conn.execute("SELECT 1; SELECT email, ssn FROM customers WHERE id = 2; SELECT card FROM customers WHERE id = 3")
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
        return found


@case
def psycopg_sql_level_prepare():
    with psycopg.connect("", autocommit=True) as conn:
        conn.execute("PREPARE one (int) AS SELECT email, ssn, card FROM customers WHERE id = $1")
        return [conn.execute(f"EXECUTE one ({n})").fetchone() for n in (1, 2)]


@case
def psycopg2_simple():
    conn = psycopg2.connect("")
    found = []
    with conn.cursor() as cursor:
        for query in ways.values():
            cursor.execute(query)
            found.append([[str(value) for value in row] for row in cursor.fetchall()])
    with conn.cursor("reader") as cursor:
        cursor.execute("SELECT email, ssn, card FROM customers ORDER BY id")
        found.append(cursor.fetchmany(4))
    conn.close()
    return found


@case
def psycopg2_copy():
    conn = psycopg2.connect("")
    found = []
    with conn.cursor() as cursor:
        for source in copies:
            for form in forms:
                out = io.BytesIO()
                cursor.copy_expert(f"COPY {source} TO STDOUT{form}", out)
                found.append([source, form, cursor.rowcount, out.getvalue().decode("latin1")])
        out = io.StringIO()
        cursor.copy_to(out, "customers", columns=("email", "ssn", "card"), sep="|")
        found.append(out.getvalue())
    conn.close()
    return found


@case
async def asyncpg_copy():
    conn = await asyncpg.connect()
    found = []
    for form in ("text", "csv", "binary"):
        out = io.BytesIO()
        tag = await conn.copy_from_table("customers", columns=["email", "card", "ssn"], output=out, format=form)
        found.append([form, tag, out.getvalue().decode("latin1")])
    out = io.BytesIO()
    await conn.copy_from_query("SELECT ssn, id FROM customers WHERE id < $1 ORDER BY id", 9, output=out, format="csv", header=True)
    await conn.close()
    return found + [out.getvalue().decode("latin1")]


@case
async def asyncpg_binary():
    conn = await asyncpg.connect()
    found = {name: [dict(row) for row in await conn.fetch(query)] for name, query in ways.items()}
    statement = await conn.prepare("SELECT email, ssn, card FROM customers WHERE id = $1")
    found["again"] = [tuple(await statement.fetchrow(n)) for n in (1, 2, 1)]
    async with conn.transaction():
        cursor = await conn.cursor("SELECT email, ssn, card FROM customers ORDER BY id")
        found["portal"] = [tuple(row) for row in await cursor.fetch(4) + await cursor.fetch(3)]
    await conn.close()
    return found


if __name__ == "__main__":
    case.main()
