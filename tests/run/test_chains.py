"""tracer.run.chains: from what a person types to named, described Runnables."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField, RunnableLambda, RunnableParallel
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from tracer.run.chains import Chain, ChainError, Chains
from tracer.run.describe import examples

APP = '''\
"""An app."""
from langchain_core.runnables import RunnableLambda

chain = RunnableLambda(lambda x: x)
"""Gives back what it gets."""

other = RunnableLambda(lambda x: x)
_hidden = RunnableLambda(lambda x: x)
number = 3
Kind = RunnableLambda

class Holder:
    inner = chain

def make():
    """Makes one."""
    return chain

async def make_slowly():
    return chain

def needs(x):
    return chain

def gives_none():
    pass

def breaks():
    raise OSError("no disk")
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder; modules and paths that a test adds are forgotten after it."""
    monkeypatch.chdir(tmp_path)
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]
    sys.path[:] = path


@pytest.fixture
def app(folder: Path) -> Path:
    file = folder / "my_app.py"
    file.write_text(APP)
    return file


def refused(*targets: str, factory: bool = False) -> str:
    with pytest.raises(ChainError) as caught:
        Chains.load(targets, factory=factory)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def only(*targets: str, factory: bool = False) -> Chain:
    chains = Chains.load(targets, factory=factory)
    assert len(chains) == 1
    return next(iter(chains.values()))


# What a CHAIN may be


@pytest.mark.parametrize("target", ["my_app:chain", "my_app.py:chain", "./my_app.py:chain"])
def test_one_attribute(app: Path, target: str) -> None:
    chain = only(target)
    assert (chain.name, chain.label) == ("my_app:chain", "chain")
    assert chain.description == "Gives back what it gets."
    assert chain.runnable.invoke(1) == 1


def test_an_absolute_file_of_another_folder_may_import_its_neighbours(
    app: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (app.parent / "neighbour.py").write_text("from my_app import chain as borrowed\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert only(f"{app.parent / 'neighbour.py'}:borrowed").name == "neighbour:borrowed"


@pytest.mark.parametrize("target", ["my_app", "my_app.py"])
def test_a_module_alone_gives_every_public_runnable_in_it(app: Path, target: str) -> None:
    assert list(Chains.load([target])) == ["my_app:chain", "my_app:other"]


def test_all_says_which_are_public(folder: Path) -> None:
    (folder / "picky.py").write_text(APP + "\n__all__ = ['other', 'number', 'missing']\n")
    assert list(Chains.load(["picky"])) == ["picky:other"]


def test_a_dotted_attribute(app: Path) -> None:
    assert only("my_app:Holder.inner").name == "my_app:Holder.inner"


@pytest.mark.parametrize("target", ["pkg.sub.mod:chain", "pkg/sub/mod.py:chain"])
def test_a_file_of_a_package_is_that_package_s_module(folder: Path, target: str) -> None:
    (folder / "pkg" / "sub").mkdir(parents=True)
    (folder / "pkg" / "__init__.py").touch()
    (folder / "pkg" / "sub" / "__init__.py").touch()
    (folder / "pkg" / "base.py").write_text(APP)
    (folder / "pkg" / "sub" / "mod.py").write_text("from ..base import chain\n")
    assert only(target).name == "pkg.sub.mod:chain"


def test_a_package_s_init_file(folder: Path) -> None:
    (folder / "whole").mkdir()
    (folder / "whole" / "__init__.py").write_text(APP)
    assert only("whole/__init__.py:chain").name == "whole:chain"


def test_files_of_one_name_do_not_mix(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "app.py").write_text(
            f"from langchain_core.runnables import RunnableLambda\nchain = RunnableLambda(lambda _: {name!r})\n"
        )
    chains = Chains.load(["a/app.py:chain", "b/app.py:chain"])
    assert [chain.runnable.invoke(0) for chain in chains.values()] == ["a", "b"]
    assert len({chain.label for chain in chains.values()}) == 2


def test_a_file_called_as_a_module_of_python_s_leaves_that_one_alone(folder: Path) -> None:
    import json

    (folder / "json.py").write_text(APP)
    assert only("./json.py:chain").name.endswith("json:chain")
    assert sys.modules["json"] is json


@pytest.mark.parametrize("attr", ["make", "make_slowly"])
def test_a_factory_is_called(app: Path, attr: str) -> None:
    chain = only(f"my_app:{attr}", factory=True)
    assert chain.name == f"my_app:{attr}"
    assert chain.runnable.invoke("x") == "x"


def test_a_factory_s_docstring_describes_its_chain(app: Path) -> None:
    assert only("my_app:make", factory=True).description == "Makes one."


def test_lookup_by_name_and_by_unique_label(app: Path) -> None:
    (app.parent / "second.py").write_text(APP)
    chains = Chains.load(["my_app:chain", "second:chain", "second:other"])
    assert chains["other"] is chains["second:other"]
    assert "other" in chains
    assert "chain" not in chains  # two have that label, so each goes by its whole name
    assert [chain.label for chain in chains.values()] == ["my_app:chain", "second:chain", "other"]
    with pytest.raises(KeyError, match="nothing"):
        chains["nothing"]


def test_the_same_chain_twice_is_one(app: Path) -> None:
    assert list(Chains.load(["my_app:chain", "my_app.py:chain", "my_app"])) == ["my_app:chain", "my_app:other"]


# What is wrong with it, in one line


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("my_ap:chain", "no module named 'my_ap'"),
        ("my_ap:chain", "did you mean 'my_app'?"),
        ("my_app:chian", "my_app has no attribute 'chian': did you mean 'chain'?"),
        ("my_app:Holder.iner", "no attribute 'Holder.iner': did you mean 'inner'?"),
        ("my_app:zzzzzz", "there are chain, other"),
        ("my_app.chain", "did you mean my_app:chain?"),
        ("my_app.chain:x", "my_app is not a package"),
        ("my_app:number", "my_app:number is not a Runnable but an int"),
        ("my_app:Kind", "the class RunnableLambda; name an instance of it"),
        ("my_app:make", "is not a Runnable but a function"),
        ("my_app:make", "--factory"),
        ("my_app:", "ends in a colon"),
        (":chain", "names no module"),
        ("", "names no module"),
        ("my-app:chain", "'my-app' is not the name of a module"),
        ("my_ap.py:chain", "no such file: my_ap.py: did you mean 'my_app.py'?"),
        ("nowhere/x.py:chain", "no such file"),
        ("../", "is a folder"),
        ("langchain_core.promts:x", "did you mean 'langchain_core.prompts'?"),
    ],
)
def test_a_wrong_chain_is_told_in_one_line(app: Path, target: str, said: str) -> None:
    assert said in refused(target)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("my_app:number", "no factory: an int cannot be called"),
        ("my_app:needs", "cannot be called without arguments"),
        ("my_app:gives_none", "returned None"),
        ("my_app", "--factory needs the name of what to call: my_app:ATTRIBUTE"),
    ],
)
def test_a_wrong_factory_is_told_in_one_line(app: Path, target: str, said: str) -> None:
    assert said in refused(target, factory=True)


def test_a_module_without_a_runnable(folder: Path) -> None:
    (folder / "empty.py").touch()
    assert "empty holds no Runnable" in refused("empty")


def test_an_uncompiled_graph_is_told_what_to_call(folder: Path) -> None:
    (folder / "graphs.py").write_text("from langgraph.graph import StateGraph\ngraph = StateGraph(dict)\n")
    assert ".compile()" in refused("graphs:graph")


@pytest.mark.parametrize(
    ("code", "last", "mentions"),
    [
        ("def deep():\n    return 1 / 0\n\ndeep()\n", "ZeroDivisionError: division by zero", "in deep"),
        ("import nothing_like_it\n", "ModuleNotFoundError: No module named 'nothing_like_it'", "broken.py"),
        ("def f(:\n", "SyntaxError: invalid syntax", "broken.py"),
        ("import sys\nsys.exit('bye')\n", "SystemExit: bye", "broken.py"),
        (
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e\n",
            "ValueError: x",
            "1 / 0",
        ),
    ],
)
@pytest.mark.parametrize("target", ["broken:chain", "broken.py:chain"])
def test_an_import_error_gives_the_user_s_own_traceback(
    folder: Path, target: str, code: str, last: str, mentions: str
) -> None:
    (folder / "broken.py").write_text(code)
    with pytest.raises(ChainError, match="could not be loaded") as caught:
        Chains.load([target])
    trace = caught.value.traceback
    assert trace is not None
    assert trace.rstrip().endswith(last)
    assert mentions in trace
    assert "targets.py" not in trace
    assert "importlib" not in trace
    assert last.split(":")[0] in str(caught.value)
    assert "broken" not in sys.modules


def test_a_failing_factory_gives_the_user_s_own_traceback(app: Path) -> None:
    with pytest.raises(ChainError, match="OSError: no disk") as caught:
        Chains.load(["my_app:breaks"], factory=True)
    assert caught.value.traceback is not None
    assert "in breaks" in caught.value.traceback
    assert "targets.py" not in caught.value.traceback


@given(st.text(max_size=40))
@example("\n\\")
def test_any_wrong_chain_is_told_in_one_line(target: str) -> None:
    assert refused(f"nowhere_{target}")


# What is known of a chain


def described(runnable: Any) -> dict[str, Any]:
    return Chain("m:c", "c", "", runnable).describe()


class Question(BaseModel):
    topic: str = Field(examples=["bears", "owls"])
    tone: str = "dry"
    length: int = Field(json_schema_extra={"examples": [3]})


def test_examples_are_put_together_from_the_fields() -> None:
    chain = RunnableLambda(lambda x: x).with_types(input_type=Question)
    assert described(chain)["examples"] == [
        {"topic": "bears", "tone": "dry", "length": 3},
        {"topic": "owls", "tone": "dry", "length": 3},
    ]


def test_the_schema_s_own_examples_come_first() -> None:
    class Whole(BaseModel):
        model_config = {"json_schema_extra": {"examples": [{"x": 1}, {"x": 2}]}}
        x: int = 0

    assert described(RunnableLambda(lambda x: x).with_types(input_type=Whole))["examples"] == [{"x": 1}, {"x": 2}]


def test_a_required_field_without_an_example_leaves_none() -> None:
    assert described(ChatPromptTemplate.from_template("{a} {b}"))["examples"] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["properties", "examples", "default", "required", "$ref", "$defs", "enum", "const", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["properties", "examples", "default", "required", "$ref", "$defs"]), JSON))
def test_no_schema_breaks_the_form(schema: dict[str, Any]) -> None:
    class Odd(RunnableLambda):  # type: ignore[type-arg]
        def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
            return schema

    assert isinstance(described(Odd(lambda x: x))["examples"], list)


def test_references_that_go_round_end() -> None:
    assert examples({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}) == []


def test_configurable_fields() -> None:
    model = GenericFakeChatModel(messages=iter(["x"])).configurable_fields(
        name=ConfigurableField(id="its_name", name="Its name", description="What it is called")
    )
    schema = described(model)["configurable"]
    assert schema["properties"]["its_name"]["title"] == "Its name"
    assert described(RunnableLambda(lambda x: x))["configurable"] is None


@tool
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def test_the_graph_speaks_our_words() -> None:
    model = GenericFakeChatModel(messages=iter(["x"]))
    graph = described(
        ChatPromptTemplate.from_template("{x}") | model.bind(stop=["."]) | RunnableParallel(a=add, b=add)
    )["graph"]
    types = [node["type"] for node in graph["nodes"]]
    assert {"prompt", "chat_model", "tool", "chain"} == set(types)
    assert types.count("tool") == 2
    ids = {node["id"] for node in graph["nodes"]}
    assert all({edge["source"], edge["target"]} <= ids for edge in graph["edges"])


def test_a_tool_describes_itself(folder: Path) -> None:
    (folder / "tools.py").write_text(
        "from langchain_core.tools import tool\n@tool\ndef add(a: int, b: int) -> int:\n    'Adds.'\n    return a + b\n"
    )
    assert only("tools:add").description == "Adds."


class Hostile(RunnableLambda):  # type: ignore[type-arg]
    """Whose schema leaves the process and whose graph hangs."""

    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
        raise SystemExit(3)

    def get_graph(self, config: Any = None) -> Any:
        time.sleep(20)


def test_describing_never_raises_and_never_takes_long() -> None:
    began = time.monotonic()
    said = described(Hostile(lambda x: x))
    assert time.monotonic() - began < 5
    assert (said["input_schema"], said["graph"], said["examples"], said["modes"]) == (
        None,
        None,
        [],
        ["stream", "invoke"],
    )
    late = "The chain's own code took more than 2 s to say."
    assert said["problems"] == {"input_schema": "SystemExit: 3", "graph": late}


def test_why_there_is_no_form_is_told_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(RunnableLambda):  # type: ignore[type-arg]
        def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
            raise TypeError("use another\nTypedDict")

    chain = Chain("m:odd", "odd", "", Odd(lambda x: x))
    assert chain.describe()["problems"] == {"input_schema": "TypeError: use another TypedDict"}
    chain.describe()
    told = [record.getMessage() for record in caplog.records]
    assert told == ["m:odd: its input schema cannot be had: TypeError: use another TypedDict"]


def test_what_is_not_json_is_left_out() -> None:
    class Odd(RunnableLambda):  # type: ignore[type-arg]
        def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
            return {"default": float("nan")}

    said = described(Odd(lambda x: x))
    assert (said["input_schema"], list(said["problems"])) == (None, ["input_schema"])
