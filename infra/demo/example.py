"""The example in Python: LangChain's SQL database and tools behind Sluice, over SQLAlchemy and psycopg.

Only the address and the password are Sluice's. The calls are those that a model would make; they are written down, so
that the example needs no provider and always asks the same. Three acts: allowed and masked, denied, held until a
person approves. With --wait it waits for that person instead of approving in their place.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import sqlalchemy
from langchain_community.tools import ListSQLDatabaseTool, QuerySQLDatabaseTool
from langchain_community.utilities import SQLDatabase

root = pathlib.Path(__file__).resolve().parents[2]
person = "bob"

questions = [
    (
        "Which tables are there?",
        "sql_db_list_tables",
        "",
        "Connection-time and reflection statements pass: an application starts as it always did.",
    ),
    (
        "Who are our first three customers, and how do we reach them?",
        "sql_db_query",
        "SELECT id, name, email, ssn, card FROM customers ORDER BY id LIMIT 3",
        "Allowed. The rule masks/protected masks email, ssn and card for everybody outside the group pii-readers.",
    ),
    (
        "What did they spend?",
        "sql_db_query",
        "SELECT c.name, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id "
        "WHERE c.id <= 3 GROUP BY c.name",
        "Allowed. Nothing protected is in this answer, so it passes as it is.",
    ),
    (
        "Remove the customers table.",
        "sql_db_query",
        "DROP TABLE customers",
        "Denied. The server never saw it, and the text tells the model not to try again.",
    ),
    (
        "Book an order of 19.90 for customer 1.",
        "sql_db_query",
        "INSERT INTO orders (customer_id, total) VALUES (1, 19.90) RETURNING id",
        "Allowed: inserting needs nobody.",
    ),
]


def main():
    parser = argparse.ArgumentParser(description="LangChain in Python behind Sluice, in three acts.")
    parser.add_argument("--wait", action="store_true", help="wait for a person to approve what is held")
    options = parser.parse_args()
    demo = demo_state()
    address = demo["listen"]["postgres"]
    engine = engine_at(address, token_of(demo, "langchain-reporting"))
    approvals = Approvals(options.wait)
    sqlalchemy.event.listen(engine, "connect", lambda conn, _: conn.add_notice_handler(approvals.notified))

    print(f'LangChain in Python asks the database "shop" at {address}, through Sluice.\n')
    database = SQLDatabase(engine)
    tools = {tool.name: tool for tool in (ListSQLDatabaseTool(db=database), QuerySQLDatabaseTool(db=database))}

    def show(ask, tool, statement, why):
        print(f"user   {ask}")
        print(f"model  {tool}({statement})", flush=True)
        answer = str(tools[tool].invoke(statement))
        approvals.done()
        print(f"tool   {shortened(answer)}")
        print(f"       → {unapproved(answer) or why}\n", flush=True)
        return answer

    for question in questions:
        answer = show(*question)
    order = re.search(r"\d+", answer).group()
    show(
        f"That was a mistake: delete order {order}.",
        "sql_db_query",
        f"DELETE FROM orders WHERE id = {order} RETURNING id, total",
        "Held until a person had approved exactly this statement; then the server ran it, once.",
    )
    engine.dispose()
    print("Where to look now\n  npx sluice audit tail            every request, decision, approval and answer above")


class Approvals:
    """Shows how a person approves; and does it in their place, by the same commands, unless the person is waited for."""

    def __init__(self, wait_for_person):
        self._answer = self._tell if wait_for_person else self._approve
        self._answering = []

    def notified(self, notice):
        """What the server says beside its answer. The connection waits meanwhile, so somebody else answers it."""
        found = re.search(r"\(ref (apr_\w+)\)", notice.message_primary)
        if found is None:
            return
        print(f"notice {notice.message_primary}", flush=True)
        thread = threading.Thread(target=self._answer, args=[found[1]])
        self._answering.append(thread)
        thread.start()

    def done(self):
        while self._answering:
            self._answering.pop().join()

    def _tell(self, reference):
        print("       → The statement waits on its connection. In another terminal, as a person of the group dba:\n")
        print(f"  npx sluice approvals ls\n  npx sluice approvals approve {reference} --as {person}\n", flush=True)

    def _approve(self, reference):
        print("       → The statement waits on its connection. What a person of the group dba sees, and does:\n")
        typed("approvals", "show", reference, "--as", person)
        if typed("approvals", "approve", reference, "--as", person, "--reason", "a test order") != 0:
            self._tell(reference)


def typed(*arguments):
    """As if it had been typed; its exit code."""
    print(f"  $ npx sluice {shlex.join(arguments)}")
    done = subprocess.run(["npx", "sluice", *arguments], cwd=root, env=commands_env(), capture_output=True, text=True)
    print(re.sub(r"^", "  ", (done.stdout + done.stderr).rstrip(), flags=re.MULTILINE), end="\n\n", flush=True)
    return done.returncode


def commands_env():
    return {**os.environ, "SLUICE_DATA": str(data_folder())}


def data_folder():
    return pathlib.Path(os.environ.get("SLUICE_DATA", ".sluice")).resolve()


def demo_state():
    try:
        return json.loads((data_folder() / "demo.json").read_text())
    except FileNotFoundError:
        print("No demo was started here. In another terminal, in this folder: npm start", file=sys.stderr)
        sys.exit(3)


def token_of(demo, subject):
    """The identity provider's token, exchanged (RFC 8693) for a gateway token: the password."""
    provider = post(demo["identity"]["token_endpoint"], demo["identity"]["requests"][subject])
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": provider["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    return post(f"{demo['api']}/v1/token", exchange)["access_token"]


def post(url, form):
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20) as response:
        return json.load(response)


def engine_at(address, token):
    host, port = address.rsplit(":", 1)
    url = sqlalchemy.URL.create("postgresql+psycopg", "langchain", token, host, int(port), "shop")
    return sqlalchemy.create_engine(url, connect_args={"application_name": "sluice-example-python"})


def unapproved(answer):
    if "Approval required" in answer:
        return "Nobody approved it in time, so nothing ran. Once somebody has, the same request passes, once."
    if "approval that it needs was" in answer:
        return "Nothing ran: the server never saw it."
    return None


def shortened(text):
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:400]}…"


if __name__ == "__main__":
    main()
