"""LangChain's SQL database as it was before there was a gateway: a URL, a pool of one, and no word of tokens."""

import json
import os
import sys
import time

from langchain_community.utilities import SQLDatabase

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
database = SQLDatabase.from_uri(
    url, include_tables=["orders"], engine_args={"pool_size": 1, "max_overflow": 0, "pool_recycle": -1}
)
until = time.monotonic() + float(sys.argv[1])
statements = 0
while time.monotonic() < until:
    database.run("SELECT count(*) FROM orders WHERE id > :id", parameters={"id": statements})
    database.run("SELECT pg_sleep(5)" if statements == 0 else "SELECT pg_sleep(0.2)")
    statements += 2
print(json.dumps({"statements": statements, "ssn": database.run("SELECT ssn FROM customers LIMIT 1")}))
