"""The example in Python: LangChain's tools for SQL and HTTP and its chat model behind Sluice.

Only the addresses, the password, the key and one header are Sluice's. The calls of tools are those that a model would make;
they are written down, so that the example always asks the same. Five acts: allowed and masked, denied, held until a person
approves, over HTTP, and a chat that streams. With --wait it waits for that person instead of approving in their place.
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
import urllib.error
import urllib.parse
import urllib.request

import openai
import sqlalchemy
from langchain_community.agent_toolkits.openapi.toolkit import RequestsToolkit
from langchain_community.tools import ListSQLDatabaseTool, QuerySQLDatabaseTool
from langchain_community.utilities import SQLDatabase
from langchain_community.utilities.requests import TextRequestsWrapper
from langchain_openai import ChatOpenAI

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


# The same customers from the shop's HTTP API, and what nobody may call there.
calls = [
    (
        "Ask the API for the first customer.",
        "/customers?limit=1",
        "Allowed. The rule masks/findings masks what looks like a card, a number of social security or an address.",
    ),
    (
        "Rebuild the index of the API.",
        "/admin/reindex",
        "Denied by web/administration. The API never saw it: a model reads the body, so the reason is in it.",
    ),
]

prompts = [
    (
        "Tell ana@example.com that the card 4111 1111 1111 1111 was declined.",
        "gpt-4o-mini",
        "Allowed. The rule masks/prompts masked the address and the card on their way: the provider never had them.",
    ),
    (
        "How do I get into the sandbox?",
        "gpt-4o-mini",
        "Allowed. The key came token by token, each of them harmless; the rule masks/findings masked it as it streamed.",
    ),
    (
        "How do I get into the sandbox?",
        "mistral-large",
        "Denied. The data of the policies names the models that are open to a role; the provider heard nothing.",
    ),
]


def main():
    parser = argparse.ArgumentParser(description="LangChain in Python behind Sluice, in five acts.")
    parser.add_argument("--wait", action="store_true", help="wait for a person to approve what is held")
    options = parser.parse_args()
    demo = demo_state()
    token = token_of(demo, "langchain-reporting")
    ask_the_database(demo["listen"]["postgres"], token, options.wait)
    http = f"http://{demo['listen']['http']}"
    ask_the_api(f"{http}/shop-api", token)
    answered = ask_the_model(f"{http}/shop-llm/v1", token)
    print(
        "Where to look now\n"
        "  npx sluice audit tail            every request, decision, approval and answer above, with what was masked and used\n"
        "  npx sluice sessions ls --all     who was connected; then sessions show <id>: tokens and what they cost"
    )
    return 0 if answered else 1


def ask_the_database(address, token, wait_for_person):
    engine = engine_at(address, token)
    approvals = Approvals(wait_for_person)
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


def ask_the_api(url, token):
    print(f'It asks the API "shop-api" at {url}, through Sluice.\n')
    wrapper = TextRequestsWrapper(headers={"X-Sluice-Authorization": f"Bearer {token}"})
    toolkit = RequestsToolkit(requests_wrapper=wrapper, allow_dangerous_requests=True)
    get = next(tool for tool in toolkit.get_tools() if tool.name == "requests_get")
    for ask, path, why in calls:
        print(f"user   {ask}")
        print(f"model  {get.name}({url}{path})", flush=True)
        print(f"tool   {shortened(str(get.invoke(url + path)))}")
        print(f"       → {why}\n", flush=True)


def ask_the_model(url, token):
    """Whether each prompt was answered, or denied."""
    print(f"LangChain's ChatOpenAI streams from the language model at {url}, through Sluice.\n")
    answered = True
    for ask, model, why in prompts:
        print(f"user   {ask}\nasks   {model}", flush=True)
        # At another address than OpenAI's it asks for the count of tokens only when it is told to.
        chat = ChatOpenAI(model=model, base_url=url, api_key=token, stream_usage=True, max_retries=1)
        try:
            heard = len(at_provider())
            show_chat(list(chat.stream(ask)), at_provider()[heard:])
        except openai.OpenAIError as error:
            print(f"error  {shortened(str(error))}")
            if not isinstance(error, openai.PermissionDeniedError):
                answered = False
                why = "No policy denied it: there was no answer. Is the provider up? It is the demo's own, or that of SLUICE_CONFIG."
        print(f"       → {why}\n", flush=True)
    return answered


def show_chat(parts, chats):
    """What the provider has of it beside what the application reads: `|` where an event ended."""
    for chat in chats:
        print(f"got    {' '.join(chat['got'])}   (the provider)\nsaid   {chat['says']}   (the provider)")
    print(f"reads  {'|'.join(part.text for part in parts if part.text != '')}")
    used = [part.usage_metadata for part in parts if part.usage_metadata is not None]
    print(f"used   {sum(u['input_tokens'] for u in used)} + {sum(u['output_tokens'] for u in used)} tokens")


def at_provider():
    """The chats as the demo's provider has them."""
    return [json.loads(line) for line in (data_folder() / "shop-llm.log").read_text().splitlines()]


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
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20) as response:
            return json.load(response)
    except urllib.error.URLError as error:
        print(f"{url} does not answer ({error.reason}). Start the demo with: npm start", file=sys.stderr)
        sys.exit(3)


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
    sys.exit(main())
