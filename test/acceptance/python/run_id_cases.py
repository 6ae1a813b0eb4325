"""The Python clients' ways to name a run."""

import asyncpg
import psycopg
import sqlalchemy

from cases import Cases, given

case = Cases()
run_id = given("RUN_ID")
traceparent = given("TRACEPARENT")


@case
def psycopg_options():
    options = f"-c sluice.run_id={run_id} -c sluice.traceparent={traceparent}"
    with psycopg.connect("", options=options, autocommit=True) as conn:
        return conn.execute("SELECT %s::int", [1]).fetchone()


@case
async def asyncpg_server_settings():
    settings = {"sluice.run_id": run_id, "sluice.traceparent": traceparent}
    conn = await asyncpg.connect(server_settings=settings)
    found = await conn.fetchval("SELECT $1::int", 1)
    await conn.close()
    return found


@case
def sqlalchemy_comment():
    engine = sqlalchemy.create_engine("postgresql+psycopg://")

    @sqlalchemy.event.listens_for(engine, "before_cursor_execute", retval=True)
    def comment(conn, cursor, statement, parameters, context, executemany):
        return f"{statement} /*run_id='{run_id}',traceparent='{traceparent}'*/", parameters

    with engine.connect() as connection:
        found = connection.execute(sqlalchemy.text("SELECT label FROM jobs WHERE id = :id"), {"id": 1}).all()
    engine.dispose()
    return [tuple(row) for row in found]


if __name__ == "__main__":
    case.main()
