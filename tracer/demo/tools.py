"""The agent's two tools: weather from a small table, and a converter of units that really converts."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal

from langchain_core.tools import BaseTool, StructuredTool, tool

from tracer.demo.pace import pace
from tracer.demo.weather import WEATHER

Unit = Literal["celsius", "fahrenheit", "kelvin", "km/h", "mph", "m/s"]

# unit: (what it measures, factor, offset), so that factor × value + offset is in kelvin or m/s
_UNITS: dict[str, tuple[str, float, float]] = {
    "celsius": ("temperature", 1.0, 273.15),
    "fahrenheit": ("temperature", 5 / 9, 273.15 - 32 * 5 / 9),
    "kelvin": ("temperature", 1.0, 0.0),
    "km/h": ("speed", 1 / 3.6, 0.0),
    "mph": ("speed", 0.44704, 0.0),
    "m/s": ("speed", 1.0, 0.0),
}


def _look_up(city: str) -> dict[str, Any]:
    for name, (sky, celsius, wind) in WEATHER.items():
        if name.casefold() == city.strip().casefold():
            return {"city": name, "sky": sky, "celsius": celsius, "wind_kmh": wind}
    raise ValueError(f"no weather for {city!r}: the table has {', '.join(WEATHER)}")


def _wait(city: str) -> float:
    """The seconds that asking a weather service might take: 0.15 to 0.4, always the same for a city."""
    return (0.15 + len(city) % 6 * 0.05) * pace()


def _weather(city: str) -> dict[str, Any]:
    """The weather in a city: sky, temperature in degrees Celsius, wind in km/h."""
    time.sleep(_wait(city))
    return _look_up(city)


async def _aweather(city: str) -> dict[str, Any]:
    await asyncio.sleep(_wait(city))
    return _look_up(city)


weather = StructuredTool.from_function(_weather, _aweather, name="weather")


@tool
def convert(value: float, from_unit: Unit, to_unit: Unit) -> float:
    """Convert a temperature or a speed from one unit to another, to two decimal places."""
    kind, factor, offset = _UNITS[from_unit]
    wanted, per, zero = _UNITS[to_unit]
    if kind != wanted:
        raise ValueError(f"{from_unit} is a {kind} and {to_unit} a {wanted}: they cannot be converted")
    return round((value * factor + offset - zero) / per, 2)


TOOLS: dict[str, BaseTool] = {one.name: one for one in (weather, convert)}
