"""LangChain's SQL database, its toolkit and tools, over SQLAlchemy with psycopg and psycopg2."""

from langchain_community.agent_toolkits.sql.toolkit import SQLDatabaseToolkit
from langchain_community.utilities import SQLDatabase
from langchain_core.language_models import FakeListChatModel

from cases import Cases

case = Cases()


def database_of(dialect, **options):
    """Without the table whose dates no Python date can hold."""
    return SQLDatabase.from_uri(f"{dialect}://", ignore_tables=["all_types"], **options)


def tools_of(dialect):
    database = database_of(dialect)
    model = FakeListChatModel(responses=["SELECT 1"])
    return {tool.name: tool for tool in SQLDatabaseToolkit(db=database, llm=model).get_tools()}


def session(dialect):
    whole = database_of(dialect)
    tools = tools_of(dialect)
    query = tools["sql_db_query"].invoke
    return {
        "dialect": whole.dialect,
        "usable": sorted(whole.get_usable_table_names()),
        "info": whole.get_table_info(["feature_flags", "jobs"]),
        "info of protected": whole.get_table_info(["customers"]),
        "indexes": database_of(dialect, indexes_in_table_info=True).get_table_info(["orders"]).split("/*")[0],
        "context": whole.get_context(),
        "run": whole.run("SELECT key, enabled FROM feature_flags ORDER BY key"),
        "with parameters": whole.run("SELECT label FROM jobs WHERE id = :id", parameters={"id": 1}),
        "with columns": whole.run("SELECT label, amount FROM jobs ORDER BY id", include_columns=True),
        "list tool": tools["sql_db_list_tables"].invoke(""),
        "schema tool": tools["sql_db_schema"].invoke("feature_flags, jobs"),
        "schema tool of protected": tools["sql_db_schema"].invoke("customers"),
        "query tool": query("SELECT count(*), min(total), max(total) FROM orders"),
        "query tool of protected": query("SELECT name, email, ssn, card FROM customers ORDER BY id LIMIT 3"),
        "query tool of a mistake": query("SELEC 1").split("\n")[0],
        "query tool of a missing table": query("SELECT * FROM nowhere").split("\n")[0],
        "query tool again": query("SELECT label FROM jobs ORDER BY id"),
    }


@case
def psycopg():
    return session("postgresql+psycopg")


@case
def psycopg2():
    return session("postgresql+psycopg2")


@case
def default_driver():
    return SQLDatabase.from_uri("postgresql://").run("SELECT 1")


@case
def refused():
    """What a model reads when its statement is refused, and that the tool goes on."""
    found = {}
    for dialect in ("postgresql+psycopg", "postgresql+psycopg2"):
        query = tools_of(dialect)["sql_db_query"].invoke
        found[dialect] = [query("DROP TABLE orders"), query("SELECT count(*) FROM orders")]
    return found


if __name__ == "__main__":
    case.main()
