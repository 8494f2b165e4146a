"""The format and its files. Imports neither LangChain nor Starlette."""
