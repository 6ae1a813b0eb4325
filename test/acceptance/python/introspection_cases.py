"""What connections and reflection ask of a server before an application runs its first query."""

import asyncpg
import psycopg
import sqlalchemy
from sqlalchemy import inspect, text
from sqlalchemy.dialects.postgresql import JSONB

from cases import Cases

case = Cases()


def with_engine(dialect, **options):
    engine = sqlalchemy.create_engine(f"{dialect}://", **options)

    class Closing:
        def __enter__(self):
            return engine

        def __exit__(self, *_):
            engine.dispose()

    return Closing()


def reflected(dialect):
    with with_engine(dialect) as engine:
        found = inspect(engine)
        report = {
            "schemas": found.get_schema_names(),
            "tables": sorted(found.get_table_names()),
            "views": found.get_view_names(),
            "materialized views": found.get_materialized_view_names(),
            "sequences": sorted(found.get_sequence_names()),
            "enums": [dict(enum) for enum in found.get_enums()],
            "domains": [dict(domain) for domain in found.get_domains()],
            "temporary tables": found.get_temp_table_names(),
        }
        for table in report["tables"]:
            report[table] = [
                [{**column, "type": str(column["type"])} for column in found.get_columns(table)],
                found.get_pk_constraint(table),
                found.get_foreign_keys(table),
                found.get_indexes(table),
                found.get_unique_constraints(table),
                found.get_check_constraints(table),
                found.get_table_comment(table),
                found.get_table_options(table),
            ]
        metadata = sqlalchemy.MetaData()
        metadata.reflect(engine, views=True)
        report["metadata"] = sorted(f"{column.table.name}.{column.name} {column.type}" for table in metadata.tables.values() for column in table.columns)
        return report


@case
def sqlalchemy_psycopg():
    return reflected("postgresql+psycopg")


@case
def sqlalchemy_psycopg2():
    return reflected("postgresql+psycopg2")


@case
def sqlalchemy_default_driver():
    with with_engine("postgresql") as engine, engine.connect() as connection:
        return [
            engine.dialect.driver,
            list(connection.execute(text("SELECT 1")).scalar_one() for _ in range(3)),
            connection.get_isolation_level(),
            engine.dialect.default_schema_name,
            list(engine.dialect.server_version_info),
        ]


@case
def sqlalchemy_pool():
    with with_engine("postgresql+psycopg", pool_size=2, pool_pre_ping=True) as engine:
        found = []
        for n in range(6):
            with engine.begin() as connection:
                found.append(connection.execute(text("SELECT :n"), {"n": n}).scalar_one())
        with engine.connect() as connection, connection.begin():
            connection.execute(text("INSERT INTO jobs (label) VALUES (:label)"), [{"label": f"alchemy {n}"} for n in range(5)])
            with connection.begin_nested() as savepoint:
                connection.execute(text("UPDATE jobs SET amount = 7 WHERE label = 'alchemy 1'"))
                savepoint.rollback()
            found.append([tuple(row) for row in connection.execute(text("SELECT label, amount FROM jobs ORDER BY label"))])
        return found


@case
def sqlalchemy_core():
    """What an ORM writes: RETURNING, JSON paths, arrays, pagination."""
    with with_engine("postgresql+psycopg") as engine, engine.begin() as connection:
        metadata = sqlalchemy.MetaData()
        jobs = sqlalchemy.Table("jobs", metadata, autoload_with=connection)
        types = sqlalchemy.Table("all_types", metadata, autoload_with=connection)
        added = connection.execute(jobs.insert().returning(jobs.c.label, jobs.c.amount), [{"label": "x1"}, {"label": "x2"}]).all()
        paths = connection.execute(
            sqlalchemy.select(types.c.id, types.c.docb["b"]["c"].astext).where(types.c.docb.op("@>")(sqlalchemy.cast({"b": {}}, JSONB)))
        ).all()
        page = connection.execute(sqlalchemy.select(types.c.id).order_by(types.c.id.desc()).limit(2).offset(1)).all()
        count = connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(types).where(types.c.id.in_([1, 2]))).scalar_one()
        return [[tuple(row) for row in rows] for rows in (added, paths, page)] + [count]


@case
def psycopg_types():
    with psycopg.connect("", autocommit=True) as conn:
        info = psycopg.types.TypeInfo.fetch(conn, "hstore")
        enum = psycopg.types.enum.EnumInfo.fetch(conn, "mood")
        composite = psycopg.types.composite.CompositeInfo.fetch(conn, "place")
        psycopg.types.composite.register_composite(composite, conn)
        return [
            info,
            [enum.name, enum.oid, list(enum.labels)],
            [composite.name, list(composite.field_names), list(composite.field_types)],
            conn.execute("SELECT home FROM all_types WHERE id = 1").fetchone()[0]._asdict(),
        ]


@case
async def asyncpg_types():
    conn = await asyncpg.connect()
    found = [dict(row) for row in await conn.fetch("SELECT id, moods, feeling, home, mail FROM all_types ORDER BY id")]
    await conn.set_type_codec("mood", encoder=str, decoder=str.upper, schema="public", format="text")
    await conn.set_type_codec("jsonb", encoder=str, decoder=lambda value: f"decoded {value}", schema="pg_catalog")
    found += [dict(row) for row in await conn.fetch("SELECT id, feeling, docb FROM all_types ORDER BY id")]
    await conn.reload_schema_state()
    found += [await conn.fetchval("SELECT moods FROM all_types WHERE id = 1")]
    await conn.close()
    return found


if __name__ == "__main__":
    case.main()
