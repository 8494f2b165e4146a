"""The scripted answers: what a model would say to the demo chains' prompts, made from what the prompts hold."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

from tracer.demo import prompts
from tracer.demo.countries import COUNTRIES, FIELDS
from tracer.demo.reply import Call, Reply
from tracer.demo.topics import TOPICS, Said
from tracer.demo.weather import WEATHER
from tracer.demo.words import words

Json = dict[str, Any]

_NOTE = re.compile(r"^\[(\d+)\] (.+)\n(.+)$", re.MULTILINE)
_PLACE = re.compile(r"\b(?:in|for|at|and|or)\s+([A-Z][\w-]+(?: [A-Z][\w-]+)*)")


def answer(body: Json) -> Reply:
    """The reply to a request's body: that of the chain whose system prompt it holds, else a few general words."""
    messages: list[Json] = body["messages"]
    system = next((text(m) for m in messages if m.get("role") in ("system", "developer")), "")
    return _SCRIPTS.get(system, _general)(messages)


def text(message: Json) -> str:
    """A message's text, whether it stands there whole or in parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def asked(messages: list[Json]) -> str:
    """The text of the last user message."""
    return next((text(m) for m in reversed(messages) if m.get("role") == "user"), "")


def _rag(messages: list[Json]) -> Reply:
    prompt, _, question = asked(messages).rpartition("Question: ")
    notes = _NOTE.findall(prompt)
    if not notes:
        return Reply("The notes do not say anything about that.")
    wanted = set(words(question))
    paragraphs = []
    for place, (number, _title, note) in enumerate(notes):
        sentences = re.split(r"(?<=\.) ", note)
        # The best note gives two sentences, the others the one that fits best.
        fitting = sorted(sentences, key=lambda s: -len(wanted & set(words(s))))[: 2 if place == 0 else 1]
        paragraphs.append(" ".join(s for s in sentences if s in fitting) + f" [{number}]")
    used = ", ".join(f"[{number}] {title}" for number, title, _ in notes)
    return Reply("\n\n".join([*paragraphs, f"Notes: {used}."]))


def _extract(messages: list[Json]) -> Reply:
    head, _, prose = asked(messages).partition("Text: ")
    fields = {"name", "population", *(field for field in FIELDS if field in head)}
    named = sorted((prose.find(name), name) for name in COUNTRIES if name in prose)
    found = [{key: value for key, value in COUNTRIES[name].items() if key in fields} for _place, name in named]
    return Reply(json.dumps({"countries": found}))  # ASCII, as many models write: escapes get cut in two


def _agent(messages: list[Json]) -> Reply:
    last = max(n for n, message in enumerate(messages) if message.get("role") == "user")
    question, since = text(messages[last]), messages[last + 1 :]
    results = _results(since)
    if not results:
        return Reply(calls=tuple(Call("weather", {"city": city}) for city in _cities(messages)))
    seen = [said for name, _, said in results if name == "weather" and isinstance(said, dict)]
    failed = [(args, said) for name, args, said in results if name == "weather" and not isinstance(said, dict)]
    converted = [(args, said) for name, args, said in results if name == "convert"]
    wanted = "fahrenheit" if re.search(r"fahrenheit|°F", question, re.I) else ""
    if re.search("kelvin", question, re.I):
        wanted = "kelvin"
    if wanted and seen and not converted:
        return Reply(
            calls=tuple(
                Call("convert", {"value": said["celsius"], "from_unit": "celsius", "to_unit": wanted}) for said in seen
            )
        )
    degrees = {args["value"]: said for args, said in converted}
    sign = {"fahrenheit": " °F", "kelvin": " K"}.get(wanted, "")
    lines = [
        f"{said['city']}: {said['sky']}, {said['celsius']} °C"
        + (f" ({degrees[said['celsius']]}{sign})" if said["celsius"] in degrees else "")
        + f", wind {said['wind_kmh']:g} km/h."
        for said in seen
    ]
    lines += [f"{args['city']}: I could not find out ({_cause(said)})." for args, said in failed]
    if len(seen) > 1:
        warmest = max(seen, key=lambda said: float(said["celsius"]))
        lines.append(f"It is warmest in {warmest['city']}.")
    return Reply(" ".join(lines))


def _results(since: list[Json]) -> list[tuple[str, Json, Any]]:
    """The tool calls answered in these messages: tool, arguments, result (JSON where it is some, else text)."""
    calls = {call["id"]: call["function"] for m in since for call in m.get("tool_calls") or []}
    results = []
    for message in since:
        call = calls.get(message.get("tool_call_id", ""))
        if call is None:
            continue
        said: Any = text(message)
        with contextlib.suppress(ValueError):
            said = json.loads(said)
        results.append((call["name"], json.loads(call["arguments"]), said))
    return results


def _cities(messages: list[Json]) -> list[str]:
    """The cities of the newest user message that names some; known ones in any case, others by their capitals."""
    for message in reversed(messages):
        if message.get("role") != "user":
            continue
        said = text(message)
        known = [(said.casefold().find(city.casefold()), city) for city in WEATHER]
        found = [(place, city) for place, city in known if place >= 0]
        found += [
            (match.start(1), match[1])
            for match in _PLACE.finditer(said)
            if match[1] not in WEATHER and match[1] not in ("Celsius", "Fahrenheit", "Kelvin")
        ]
        if found:
            return [city for _place, city in sorted(found)]
    return ["Paris"]


def _cause(said: Any) -> str:
    return str(said).partition(":")[2].partition(":")[0].strip() or str(said)


def _summary(messages: list[Json]) -> Reply:
    topic = _topic(messages)
    return Reply(topic.summary) if topic else _unknown()


def _arguments(messages: list[Json]) -> Reply:
    topic = _topic(messages)
    return Reply(topic.arguments) if topic else _unknown()


def _translation(messages: list[Json]) -> Reply:
    topic = _topic(messages)
    language = asked(messages).rpartition("Language: ")[2].strip()
    return Reply(topic.translations.get(language) or topic.summary) if topic else _unknown()


def _topic(messages: list[Json]) -> Said | None:
    return next((said for topic, said in TOPICS.items() if topic in asked(messages).lower()), None)


def _unknown() -> Reply:
    return Reply(f"No answer is scripted for this topic. There are some for {', '.join(TOPICS)}.")


def _flaky(messages: list[Json]) -> Reply:
    return Reply(
        "The first model answered with 429, too many requests, before it had written a word. "
        "with_fallbacks caught that error and gave the same messages to the next model, which is writing this. "
        "To the steps after it, nothing has happened."
    )


def _general(messages: list[Json]) -> Reply:
    return Reply(
        "This is a scripted answer: it comes from the endpoint of tracer's demo, piece by piece, as a model's would. "
        f"The last message has {len(asked(messages))} characters."
    )


_SCRIPTS: dict[str, Callable[[list[Json]], Reply]] = {
    prompts.RAG: _rag,
    prompts.EXTRACT: _extract,
    prompts.AGENT: _agent,
    prompts.SUMMARY: _summary,
    prompts.ARGUMENTS: _arguments,
    prompts.TRANSLATION: _translation,
    prompts.FLAKY: _flaky,
}
