"""Chains to look at: `tracer demo`, or `tracer serve tracer.demo`.

They ask OpenAI where OPENAI_API_KEY is set (OPENAI_BASE_URL, TRACER_DEMO_MODEL), else a scripted endpoint on loopback
that starts with the first request (TRACER_DEMO_PACE, 1 for a human pace, 0 for at once).
"""

from tracer.demo.chains import agent as _agent
from tracer.demo.chains import extract as _extract
from tracer.demo.chains import flaky as _flaky
from tracer.demo.chains import parallel as _parallel
from tracer.demo.chains import rag as _rag
from tracer.demo.model import notice

__all__ = ["TARGETS", "agent", "extract", "flaky", "notice", "parallel", "rag"]

rag = _rag.build()
"""Retrieves from six LangChain notes, then answers from them."""

extract = _extract.build()
"""Finds the countries a text names and writes what it knows of them as nested JSON."""

agent = _agent.build()
"""Answers questions about the weather by calling tools in a loop, several at once where it can."""

parallel = _parallel.build()
"""Asks the model for a summary, arguments and a translation at the same time."""

flaky = _flaky.build()
"""Asks a model that fails, goes on with its fallback, and fails for good at the end when asked to."""

TARGETS = [f"{__name__}:{name}" for name in ("rag", "extract", "agent", "parallel", "flaky")]
