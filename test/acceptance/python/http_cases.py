"""requests, httpx and aiohttp: what each gets, to the byte, and what it makes of a refusal."""

import asyncio
import hashlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
import requests

from cases import Cases, given, plain

case = Cases()

url = given("BASE_URL")
headers = json.loads(given("BASE_HEADERS"))

# What each of them asks for, in its own words.
asked = [
    ("GET", "/json?q=1&q=2&r=%20a%2Bb", {}),
    ("GET", "/bytes", {}),
    ("GET", "/gzip", {}),
    ("POST", "/echo", {"json": {"a": ["ä", 1.5]}}),
    ("POST", "/echo", {"data": {"a": "1", "b": "ü &"}}),
    ("PUT", "/echo", {"data": bytes(range(256)), "headers": {"content-type": "application/octet-stream"}}),
    ("PATCH", "/echo", {"json": {}}),
    ("POST", "/echo", {"data": b"x" * 900_000, "headers": {"content-type": "text/plain"}}),
    ("DELETE", "/echo/7", {}),
    ("OPTIONS", "/echo", {}),
    ("HEAD", "/head", {}),
    ("GET", "/empty", {}),
    ("GET", "/unchanged", {}),
    ("GET", "/status/404", {}),
    ("GET", "/status/500", {}),
    ("GET", "/redirect", {}),
    ("GET", "/until-closed", {}),
    ("GET", "/echo/a%20b%C3%BC?x=%2F&y=%C3%BC", {}),
    ("GET", "/cookie", {}),
    ("GET", "/cookies", {}),
]
# Before Python 3.12 http.client, and so requests, takes an interim answer for the final one.
asked_of_others = [*asked, ("GET", "/early", {})]
streamed = [b'{"a":1}\n', b'{"a":2}\n']


def told(status, kind, body):
    """All that the application sees of an answer; large bodies by their digest."""
    digest = hashlib.sha256(body).hexdigest() if len(body) > 4096 else body.decode("latin-1")
    return [status, kind, len(body), digest]


@case
def with_requests():
    with requests.Session() as session:
        session.headers.update(headers)
        seen = []
        for method, path, options in asked:
            answer = session.request(method, url + path, **options)
            seen.append(told(answer.status_code, answer.headers.get("content-type"), answer.content))
        answer = session.post(url + "/echo", data=iter(streamed), headers={"content-type": "application/x-ndjson"})
        return [*seen, told(answer.status_code, None, answer.content)]


@case
def with_requests_files():
    files = {"a": ("a.txt", b"one"), "b": ("b.bin", bytes(range(256)))}
    body, kind = requests.models.RequestEncodingMixin._encode_files(files, {"c": "3"})
    boundary = kind.split("boundary=")[1]
    answer = requests.post(url + "/echo", data=body, headers={**headers, "content-type": kind})
    return answer.json()["body"] != "" and boundary in answer.json()["type"]


@case
def with_httpx():
    with httpx.Client(headers=headers, follow_redirects=True, timeout=60) as client:
        seen = []
        for method, path, options in asked_of_others:
            content = "content" if isinstance(options.get("data"), bytes) else "data"
            options = {content if name == "data" else name: value for name, value in options.items()}
            answer = client.request(method, url + path, **options)
            seen.append(told(answer.status_code, answer.headers.get("content-type"), answer.content))
        answer = client.post(url + "/echo", content=iter(streamed))
        return [*seen, told(answer.status_code, None, answer.content)]


@case
async def with_aiohttp():
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        seen = []
        for method, path, options in asked_of_others:
            async with session.request(method, url_of(path), allow_redirects=True, **options) as answer:
                body = await answer.read()
                seen.append(told(answer.status, answer.headers.get("content-type"), body))
        async with session.post(url_of("/echo"), data=chunks()) as answer:
            return [*seen, told(answer.status, None, await answer.read())]


def url_of(path):
    """As it is written, not as aiohttp would write it."""
    from yarl import URL

    return URL(url + path, encoded=True)


async def chunks():
    for chunk in streamed:
        yield chunk


@case
def large_downloads():
    found = {}
    with requests.get(url + "/large", headers=headers, stream=True) as answer:
        found["requests"] = digested(answer.iter_content(65536))
    with httpx.stream("GET", url + "/large", headers=headers) as answer:
        found["httpx"] = digested(answer.iter_bytes())
    return found


def digested(pieces):
    found = hashlib.sha256()
    size = 0
    for piece in pieces:
        found.update(piece)
        size += len(piece)
    return [size, found.hexdigest()]


@case
def each_event_arrives_before_the_next_is_sent():
    """The API sends an event once its reader has told that it has the one before."""
    name = str(uuid.uuid4())
    seen = []
    with httpx.Client(headers=headers, timeout=60) as client:
        with client.stream("GET", f"{url}/ticks/{name}") as answer:
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    seen.append(line)
                    client.post(f"{url}/ticks/{name}")
    return seen


@case
def fifty_at_once():
    with requests.Session() as session, ThreadPoolExecutor(50) as threads:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=50))
        ask = lambda at: session.post(f"{url}/echo/{at}", data=str(at), headers=headers).json()
        return list(threads.map(ask, range(50)))


@case
async def fifty_at_once_with_aiohttp():
    async with aiohttp.ClientSession(headers=headers) as session:

        async def ask(at):
            async with session.post(f"{url}/echo/{at}", data=str(at)) as answer:
                return await answer.json()

        return await asyncio.gather(*[ask(at) for at in range(50)])


@case
def torn():
    """Half an answer is not taken for a whole one."""
    found = {}
    for client, errors in (
        (requests, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)),
        (httpx, (httpx.RemoteProtocolError, httpx.ReadError)),
    ):
        try:
            found[client.__name__] = client.get(url + "/torn", headers=headers).text
        except errors:
            found[client.__name__] = "torn"
    return found


@case
async def refused():
    """Status and body of a denial, and that the connection is good for more."""
    found = {}
    with requests.Session() as session:
        answers = [session.get(url + path, headers=headers) for path in ("/denied", "/json")]
        found["requests"] = [plain([answer.status_code, answer.json()]) for answer in answers]
    with httpx.Client(headers=headers) as client:
        answers = [client.get(url + path) for path in ("/denied", "/json")]
        found["httpx"] = [plain([answer.status_code, answer.json()]) for answer in answers]
    async with aiohttp.ClientSession(headers=headers) as session:
        found["aiohttp"] = []
        for path in ("/denied", "/json"):
            async with session.get(url + path) as answer:
                found["aiohttp"].append(plain([answer.status, await answer.json(content_type=None)]))
    return found


if __name__ == "__main__":
    case.main()
