"""Three topics and what the scripted model says of each: a summary, arguments, and the same in three languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

Topic = Literal["remote work", "nuclear power", "electric cars"]
Language = Literal["German", "French", "Spanish"]


class Said(NamedTuple):
    summary: str
    arguments: str
    translations: dict[str, str]


TOPICS: dict[str, Said] = {
    "remote work": Said(
        "Remote work means doing one's job outside the employer's office, most often at home, over the internet. "
        "It grew suddenly in 2020 and settled into mixed forms, with some days at home and some in the office. "
        "What is argued about is less whether people get things done than how teams stay together.",
        "**For**\n- No commute: hours and money are saved every week.\n- Quiet for work that needs concentration.\n"
        "- Employers can hire people wherever they live.\n\n"
        "**Against**\n- Newcomers learn less by watching others.\n- Work and private life blur.\n"
        "- Chance meetings, and the ideas they bring, become rare.",
        {
            "German": "Fernarbeit heißt, seine Arbeit außerhalb des Büros zu tun, meist zu Hause und über das "
            "Internet. Diskutiert wird darüber, weil sie Wege spart, aber Teams auseinanderrücken lässt.",
            "French": "Le télétravail consiste à travailler hors du bureau, le plus souvent chez soi, grâce à "
            "Internet. On en débat parce qu'il épargne des trajets mais éloigne les équipes.",
            "Spanish": "El teletrabajo consiste en trabajar fuera de la oficina, casi siempre en casa y por "
            "internet. Se discute porque ahorra desplazamientos, pero aleja a los equipos.",
        },
    ),
    "nuclear power": Said(
        "Nuclear power makes electricity from the heat of splitting uranium nuclei. "
        "It emits very little carbon dioxide and runs day and night, but plants are expensive and slow to build. "
        "Their waste stays dangerous for many thousands of years.",
        "**For**\n- Very little carbon dioxide over its whole life.\n- Steady output, whatever the weather.\n"
        "- A small area of land for much energy.\n\n"
        "**Against**\n- High cost and long years of construction.\n- No final store for waste in most countries.\n"
        "- Accidents are rare, but grave when they happen.",
        {
            "German": "Kernkraft erzeugt Strom aus der Wärme, die beim Spalten von Urankernen frei wird. Umstritten "
            "ist sie, weil sie kaum CO₂ ausstößt, ihr Abfall aber über Jahrtausende gefährlich bleibt.",
            "French": "L'énergie nucléaire produit de l'électricité grâce à la chaleur libérée par la fission de "
            "l'uranium. On en débat parce qu'elle émet très peu de CO₂, mais que ses déchets restent dangereux "
            "pendant des millénaires.",
            "Spanish": "La energía nuclear produce electricidad con el calor que libera la fisión del uranio. Se "
            "discute porque apenas emite CO₂, pero sus residuos siguen siendo peligrosos durante milenios.",
        },
    ),
    "electric cars": Said(
        "Electric cars drive on motors fed by a battery, which is charged from the grid. "
        "They waste far less energy than engines do and emit nothing where they drive. "
        "How clean they are in all depends on the electricity and on how their batteries are made.",
        "**For**\n- No exhaust in the streets.\n- About three times as efficient as a petrol engine.\n"
        "- Few moving parts, so little to repair.\n\n"
        "**Against**\n- Charging takes longer than filling a tank.\n- Batteries need lithium and other metals.\n"
        "- They cost more to buy, though less to run.",
        {
            "German": "Elektroautos fahren mit Motoren, die aus einer Batterie gespeist werden. Diskutiert wird "
            "über sie, weil sie vor Ort keine Abgase ausstoßen, ihre Batterien aber aufwendig herzustellen sind.",
            "French": "Les voitures électriques roulent grâce à des moteurs alimentés par une batterie. On en "
            "débat parce qu'elles n'émettent rien là où elles roulent, mais que leurs batteries sont coûteuses à "
            "fabriquer.",
            "Spanish": "Los coches eléctricos se mueven con motores alimentados por una batería. Se discuten porque "
            "no emiten gases donde circulan, pero fabricar sus baterías es costoso.",
        },
    ),
}
