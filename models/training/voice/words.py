"""Words of five languages for synthetic speakers to say, in any order: it is their sounds that count."""

from __future__ import annotations

import numpy as np

WORDS = {
    "en": """the old voice of a church bell under water another thing which could never measure joy about
    thirty seven people bought fresh oranges while judge Hughes quietly asked for much warmer
    weather and vision north of the river three good children sing through long winter nights
    because father chose to show them how zebras jump my aunt would rather breathe smooth air than
    usual treasure five boys shout yes not only today young women walk by with yellow flowers a
    strange ship leaves the harbour at six""",
    "de": """der alte Zug fährt langsam über die hohe Brücke und niemand weiß warum zwölf Boxkämpfer jagen
    Viktor quer durch den großen Park ich habe gestern schöne Äpfel gekauft aber sie sprechen heute
    noch von früher Mädchen singen leise Lieder während Vögel pfeifen zwischen Himmel und Wasser
    fünf Freunde trinken Kaffee euer Haus steht nicht weit vom Bahnhof Sprache Knöpfe Pflanze jung
    ruhig Töchter""",
    "es": """el viejo tren cruza despacio la montaña y nadie sabe por qué los niños juegan en la calle cuando
    llueve mucho ayer compré cinco manzanas rojas pero hoy quiero naranjas mi hermana trabaja cerca
    del río siempre dice que la guitarra suena mejor de noche perro jirafa huevo chocolate zapato
    año ciudad verde queso agua fuego gente muchacho ferrocarril pequeña""",
    "fr": """le vieux train traverse lentement la montagne et personne ne sait pourquoi les enfants jouent
    dans la rue quand il pleut hier nous avons acheté cinq pommes rouges mais aujourd'hui je
    voudrais du beurre ma soeur travaille près du fleuve elle chante un peu chaque nuit avec une
    jeune voisine oeil bonjour vin blanc huit garçons juin lumière feuille quatre chemins""",
    "it": """il vecchio treno attraversa piano la montagna e nessuno sa perché i bambini giocano per strada
    quando piove ieri ho comprato cinque mele rosse ma oggi voglio delle arance mia sorella lavora
    vicino al fiume dice sempre che la chitarra suona meglio di notte gnocchi famiglia zio giugno
    acqua sciarpa bottiglia azzurro ghiaccio uovo quaderno""",
}  # fmt: skip


def sentence(language: str, draw: np.random.Generator) -> str:
    """Return five to fourteen words of a language, with a comma here and there."""
    known = WORDS[language].split()
    said = [
        known[draw.integers(len(known))] + ("," if draw.random() < 0.1 else "")
        for _ in range(draw.integers(5, 15))
    ]
    return " ".join(said).strip(",").capitalize() + ("?" if draw.random() < 0.15 else ".")
