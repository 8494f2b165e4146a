"""Six countries as the scripted model knows them. Populations by the censuses and estimates of 2019 to 2022."""

from __future__ import annotations

from typing import Any, Literal, get_args

CountryField = Literal["capital", "cities", "languages", "currency", "flag"]
FIELDS: tuple[CountryField, ...] = get_args(CountryField)


def _country(
    name: str,
    population: int,
    capital: tuple[str, int, float, float],
    cities: list[tuple[str, int]],
    languages: list[tuple[str, str, bool]],
    currency: tuple[str, str],
    flag: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "population": population,
        "capital": {
            "name": capital[0],
            "population": capital[1],
            "coordinates": {"lat": capital[2], "lon": capital[3]},
        },
        "cities": [{"name": city, "population": people} for city, people in cities],
        "languages": [
            {"name": language, "native": native, "official": official} for language, native, official in languages
        ],
        "currency": {"code": currency[0], "name": currency[1]},
        "flag": flag,
    }


COUNTRIES: dict[str, dict[str, Any]] = {
    country["name"]: country
    for country in (
        _country(
            "France",
            67_750_000,
            ("Paris", 2_133_000, 48.8566, 2.3522),
            [
                ("Marseille", 873_000),
                ("Lyon", 522_000),
                ("Toulouse", 504_000),
                ("Nice", 348_000),
                ("Saint-Étienne", 173_000),
            ],
            [("French", "français", True), ("Breton", "brezhoneg", False), ("Occitan", "occitan", False)],
            ("EUR", "euro"),
            "🇫🇷",
        ),
        _country(
            "Spain",
            47_420_000,
            ("Madrid", 3_305_000, 40.4168, -3.7038),
            [
                ("Barcelona", 1_636_000),
                ("València", 789_000),
                ("Sevilla", 684_000),
                ("Zaragoza", 675_000),
                ("Málaga", 577_000),
            ],
            [
                ("Spanish", "español", True),
                ("Catalan", "català", True),
                ("Galician", "galego", True),
                ("Basque", "euskara", True),
            ],
            ("EUR", "euro"),
            "🇪🇸",
        ),
        _country(
            "Japan",
            125_700_000,
            ("東京 (Tokyo)", 14_010_000, 35.6895, 139.6917),
            [
                ("横浜 (Yokohama)", 3_777_000),
                ("大阪 (Osaka)", 2_752_000),
                ("名古屋 (Nagoya)", 2_332_000),
                ("札幌 (Sapporo)", 1_973_000),
                ("京都 (Kyoto)", 1_464_000),
            ],
            [("Japanese", "日本語", True), ("Ainu", "アイヌ・イタㇰ", False)],
            ("JPY", "yen"),
            "🇯🇵",
        ),
        _country(
            "Brazil",
            203_100_000,
            ("Brasília", 2_817_000, -15.7939, -47.8828),
            [("São Paulo", 11_452_000), ("Rio de Janeiro", 6_211_000), ("Fortaleza", 2_429_000)],
            [("Portuguese", "português", True), ("Guarani", "avañe'ẽ", False)],
            ("BRL", "real"),
            "🇧🇷",
        ),
        _country(
            "Kenya",
            47_560_000,
            ("Nairobi", 4_397_000, -1.2921, 36.8219),
            [("Mombasa", 1_208_000), ("Nakuru", 571_000), ("Kisumu", 398_000)],
            [("Swahili", "Kiswahili", True), ("English", "English", True), ("Kikuyu", "Gĩkũyũ", False)],
            ("KES", "shilling"),
            "🇰🇪",
        ),
        _country(
            "Canada",
            36_990_000,
            ("Ottawa", 1_017_000, 45.4215, -75.6972),
            [("Toronto", 2_794_000), ("Montréal", 1_763_000), ("Calgary", 1_307_000), ("Vancouver", 662_000)],
            [("English", "English", True), ("French", "français", True), ("Cree", "ᓀᐦᐃᔭᐍᐏᐣ", False)],
            ("CAD", "dollar"),
            "🇨🇦",
        ),
    )
}
