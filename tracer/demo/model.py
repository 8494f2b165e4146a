"""The demo chains' model: OpenAI's where a key is set, else the scripted endpoint, both through ChatOpenAI."""

from __future__ import annotations

import os
from typing import Any

import openai
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import ConfigurableField, Runnable
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tracer.demo import endpoint

# Never looked up: the clients below send each request to wherever the endpoint then is.
_NOWHERE = "http://tracer-demo.invalid/v1"


def scripted() -> bool:
    """Whether answers are scripted: no OPENAI_API_KEY is set."""
    return not os.environ.get("OPENAI_API_KEY")


def notice() -> str | None:
    """What the page says of it while answers are scripted, in one line; else None."""
    if not scripted():
        return None
    return "These answers are scripted: OPENAI_API_KEY is not set. They come over real HTTP, at a human pace."


def chat_model(*, failing: bool = False) -> ChatOpenAI:
    """The model; with `failing`, one that always fails before its first token, and is not retried.

    Environment: OPENAI_API_KEY, OPENAI_BASE_URL, TRACER_DEMO_MODEL (default gpt-4o-mini). Opens no connection.
    """
    more: dict[str, Any] = {"max_retries": 0} if failing else {}
    if scripted():
        return ChatOpenAI(
            model="scripted-429" if failing else "scripted",
            base_url=_NOWHERE,
            api_key=SecretStr("scripted"),
            http_client=openai.DefaultHttpxClient(trust_env=False, event_hooks={"request": [_send]}),
            http_async_client=openai.DefaultAsyncHttpxClient(trust_env=False, event_hooks={"request": [_asend]}),
            stream_usage=True,
            use_responses_api=False,
            **more,
        )
    named = os.environ.get("TRACER_DEMO_MODEL") or "gpt-4o-mini"
    return ChatOpenAI(
        model=f"{named}-does-not-exist" if failing else named,
        stream_usage=True,
        use_responses_api=False,
        **more,
    )


def configurable(model: ChatOpenAI) -> Runnable[LanguageModelInput, AIMessage]:
    """The model with fields that a run's config may set: `model` and `temperature`."""
    names = "scripted-429, scripted-drop and others fail on purpose" if scripted() else "any model of the endpoint"
    return model.configurable_fields(
        model_name=ConfigurableField("model", name="Model", description=names),
        temperature=ConfigurableField("temperature", name="Temperature", description="from 0 to 2"),
    )


def _send(request: Any) -> None:
    """Send a request to the shared endpoint, starting it with the first: importing the demo starts nothing."""
    at = endpoint.shared()
    request.url = request.url.copy_with(host="127.0.0.1", port=at.port)
    request.headers["host"] = f"127.0.0.1:{at.port}"


async def _asend(request: Any) -> None:
    _send(request)
