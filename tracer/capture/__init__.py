"""From LangChain to events."""
