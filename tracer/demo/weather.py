"""The weather in eight cities, as it is in the demo: always the same."""

from __future__ import annotations

# city: (sky, temperature in °C, wind in km/h)
WEATHER: dict[str, tuple[str, float, float]] = {
    "Paris": ("partly cloudy", 18.5, 14.0),
    "Tokyo": ("light rain", 23.0, 9.0),
    "Nairobi": ("sunny", 25.5, 18.0),
    "New York": ("clear", 21.0, 22.0),
    "Reykjavik": ("overcast", 6.5, 37.0),
    "São Paulo": ("thunderstorms", 27.0, 12.0),
    "Sydney": ("sunny", 19.0, 26.0),
    "Berlin": ("drizzle", 12.5, 20.0),
}
