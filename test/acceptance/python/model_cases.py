"""The SDKs of language models, LangChain's chat model and its RequestsToolkit."""

import json

import anthropic
import openai
from langchain_community.agent_toolkits.openapi.toolkit import RequestsToolkit
from langchain_community.utilities.requests import TextRequestsWrapper
from langchain_openai import ChatOpenAI

from cases import Cases, given

case = Cases()

url = given("BASE_URL")
headers = json.loads(given("BASE_HEADERS"))
key = "a-key-of-nobody"
question = [{"role": "user", "content": "Two and two?"}]
model = "scripted"


def openai_at(path):
    return openai.OpenAI(base_url=url + path, api_key=key, default_headers=headers)


def anthropic_at(path):
    return anthropic.Anthropic(base_url=url + path, api_key=key, default_headers=headers)


def chat_at(path):
    return ChatOpenAI(model=model, base_url=url + path, api_key=key, default_headers=headers)


@case
def with_openai():
    create = openai_at("/v1").chat.completions.create
    parts = create(model=model, messages=question, stream=True)
    return {
        "whole": create(model=model, messages=question).choices[0].message.content,
        "streamed": [part.choices[0].delta.content or "" for part in parts],
    }


@case
def with_anthropic():
    messages = anthropic_at("").messages
    options = {"model": model, "max_tokens": 100, "messages": question}
    with messages.stream(**options) as stream:
        streamed = list(stream.text_stream)
    return {"whole": messages.create(**options).content[0].text, "streamed": streamed}


@case
def with_chat_openai():
    chat = chat_at("/v1")
    streamed = [part.content for part in chat.stream("Two and two?")]
    return {"whole": chat.invoke("Two and two?").content, "streamed": streamed}


def tools():
    wrapper = TextRequestsWrapper(headers=headers)
    toolkit = RequestsToolkit(requests_wrapper=wrapper, allow_dangerous_requests=True)
    return {tool.name: tool for tool in toolkit.get_tools()}


@case
async def with_requests_toolkit():
    found = tools()
    use = lambda name, **asked: found[name].invoke(json.dumps({"url": url + asked["path"], "data": asked.get("data")}))
    return {
        "get": found["requests_get"].invoke(url + "/json?q=1"),
        "get, asynchronously": await found["requests_get"].ainvoke(url + "/json?q=1"),
        "post": use("requests_post", path="/echo", data={"a": ["ä", 1]}),
        "patch": use("requests_patch", path="/echo", data={"a": 2}),
        "put": use("requests_put", path="/echo", data={"a": 3}),
        "delete": found["requests_delete"].invoke(url + "/echo/7"),
        "failed": found["requests_get"].invoke(url + "/status/500"),
    }


@case
def refused_models():
    """What each raises; none of them asks again."""
    found = {}
    for name, error, ask in (
        ("openai", openai.PermissionDeniedError, lambda: openai_at("/closed").chat.completions.create(model=model, messages=question)),
        ("anthropic", anthropic.PermissionDeniedError, lambda: anthropic_at("/closed").messages.create(model=model, max_tokens=1, messages=question)),
        ("ChatOpenAI", openai.PermissionDeniedError, lambda: chat_at("/closed").invoke("Two and two?")),
    ):
        try:
            ask()
        except error as refusal:
            found[name] = {"name": type(refusal).__name__, "status": refusal.status_code, "message": str(refusal)}
    return found


@case
async def refused_tools():
    """What a model reads, and that its next request works."""
    found = tools()
    return {
        "synchronous": [found["requests_get"].invoke(url + path) for path in ("/denied", "/json")],
        "asynchronous": [await found["requests_get"].ainvoke(url + path) for path in ("/denied", "/json")],
    }


if __name__ == "__main__":
    case.main()
