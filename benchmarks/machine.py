"""What the figures were measured on: `python -m benchmarks.machine`."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version

_PARTS = ("langchain-core", "langgraph", "langserve", "uvicorn", "orjson")


def main() -> None:
    found = []
    for part in _PARTS:
        try:
            found.append(f"{part} {version(part)}")
        except PackageNotFoundError:
            found.append(f"no {part}")
    print(f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    print(f"Python {platform.python_version()}, {', '.join(found)}")
    if hasattr(os, "getloadavg"):
        print(f"load before: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
