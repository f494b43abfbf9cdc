"""The vocabularies of person and organization names, with the frequencies of real life."""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from faker.providers.person.en_US import Provider as English
from faker.providers.person.es_MX import Provider as Spanish

from tools.sample.draw import Floats, Ints, Rng, Texts, between, chance, choose, texts

NICKNAMES = {
    "Abigail": "Abby", "Alexander": "Alex", "Alexandra": "Lexi", "Alfred": "Fred", "Allison": "Allie",
    "Amanda": "Mandy", "Andrea": "Andie", "Andrew": "Andy,Drew", "Angela": "Angie", "Anthony": "Tony",
    "Antonio": "Toño", "Barbara": "Barb", "Benjamin": "Ben", "Bradley": "Brad", "Calvin": "Cal",
    "Cassandra": "Cassie", "Catherine": "Cathy,Kate", "Charles": "Chuck,Charlie", "Christina": "Tina,Chris",
    "Christine": "Chris", "Christopher": "Chris,Topher", "Cynthia": "Cindy", "Daniel": "Dan,Danny", "David": "Dave",
    "Deborah": "Debbie,Deb", "Debra": "Deb", "Dennis": "Denny", "Donald": "Don", "Dorothy": "Dot", "Douglas": "Doug",
    "Edward": "Ed,Ted", "Elizabeth": "Liz,Beth,Betty", "Eugene": "Gene", "Frances": "Fran", "Francisco": "Paco,Pancho",
    "Franklin": "Frank", "Frederick": "Fred", "Gabriel": "Gabe", "Gabriela": "Gaby", "Gerald": "Jerry",
    "Gregory": "Greg", "Guadalupe": "Lupe", "Guillermo": "Memo", "Gwendolyn": "Gwen", "Henry": "Hank",
    "Jacob": "Jake", "Jacqueline": "Jackie", "James": "Jim,Jimmy", "Janet": "Jan", "Jeffrey": "Jeff",
    "Jennifer": "Jen,Jenny", "Jeremy": "Jerry", "Jesse": "Jess", "Jessica": "Jess,Jessie", "John": "Jack,Johnny",
    "Jonathan": "Jon,Nathan", "Joseph": "Joe,Joey", "Joshua": "Josh", "José": "Pepe", "Jesús": "Chuy",
    "Judith": "Judy", "Katherine": "Kate,Kathy", "Kathleen": "Kathy", "Kathryn": "Kathy,Katie", "Kenneth": "Ken",
    "Kimberly": "Kim", "Kristen": "Kris", "Kristin": "Kris", "Lawrence": "Larry", "Leonard": "Len", "Louis": "Lou",
    "Manuel": "Manny", "Margaret": "Maggie,Peggy,Meg", "Maria": "Mary", "Marjorie": "Marge", "Martha": "Marty",
    "Matthew": "Matt", "Maureen": "Mo", "Megan": "Meg", "Melissa": "Missy,Mel", "Michael": "Mike,Mick",
    "Michelle": "Shelly", "Mitchell": "Mitch", "Nancy": "Nan", "Natalie": "Nat", "Natasha": "Tasha",
    "Nathaniel": "Nate", "Nicholas": "Nick", "Nicole": "Nikki", "Pamela": "Pam", "Patricia": "Pat,Trish,Patty",
    "Patrick": "Pat,Paddy", "Peter": "Pete", "Philip": "Phil", "Phillip": "Phil", "Raymond": "Ray", "Rebecca": "Becky",
    "Richard": "Rick,Dick,Rich", "Robert": "Bob,Rob,Bobby", "Roberto": "Beto", "Ronald": "Ron", "Samantha": "Sam",
    "Samuel": "Sam", "Sandra": "Sandy", "Stephanie": "Steph", "Stephen": "Steve", "Steven": "Steve",
    "Stuart": "Stu", "Susan": "Sue,Susie", "Suzanne": "Sue", "Tabitha": "Tabby", "Teresa": "Terri,Tess",
    "Theodore": "Ted,Theo", "Theresa": "Terri", "Thomas": "Tom,Tommy", "Timothy": "Tim", "Valerie": "Val",
    "Veronica": "Ronnie", "Victoria": "Vicky,Tori", "Vincent": "Vince", "Walter": "Walt", "William": "Bill,Will,Liam",
    "Zachary": "Zach",
}  # fmt: skip
PARTICLE_SURNAMES = {
    "de la Cruz": 8, "van der Berg": 4, "O'Brien": 9, "McDonald": 9, "de la Rosa": 4, "van Dyke": 3, "O'Neill": 5,
    "McCarthy": 5, "St. John": 3, "D'Angelo": 3, "Le Blanc": 2, "von Braun": 1, "de los Santos": 3, "Di Salvo": 2,
    "O'Connor": 5, "MacLeod": 2, "del Rio": 3, "van den Heuvel": 1, "Dell'Orto": 1, "El-Amin": 1,
}  # fmt: skip
ORG_WORDS = (
    "Summit", "Lakeside", "Pioneer", "Golden", "Evergreen", "Northstar", "Liberty", "Cornerstone", "Riverside",
    "Heritage", "Keystone", "Apex", "Horizon", "Silver", "Cascade", "Redwood", "Granite", "Harbor", "Prairie", "Eagle",
    "Sunrise", "Beacon", "Capitol", "Frontier", "Magnolia", "Coastal", "Ironwood", "Meridian", "Patriot", "Piedmont",
    "Sterling", "Timberline", "Westgate", "Union",
)  # fmt: skip
ORG_TRADES = (
    "Plumbing", "Roofing", "Dental Group", "Medical Supply", "Family Medicine", "Auto Parts", "Catering", "Landscaping",
    "Electric", "Construction", "Property Management", "Logistics", "Consulting Services", "Manufacturing",
    "Veterinary Clinic", "Hardware", "International Trading", "Engineering Associates", "Insurance Agency",
    "Community Church", "Elementary School", "Print Shop",
)  # fmt: skip
ORG_FORMS = ("Inc.", "LLC", "Corporation", "Company", "Ltd.", "LP", "PLLC", "")
ORG_SHORTER = {
    "Inc.": "Inc,Incorporated,", "LLC": "L.L.C.,Llc,", "Corporation": "Corp.,Corp,", "Company": "Co.,Co,",
    "Ltd.": "Ltd,Limited,", "LP": "L.P.,", "PLLC": "P.L.L.C.,", "Services": "Svcs,Svc", "Manufacturing": "Mfg,Mfg.",
    "International": "Intl,Int'l", "Associates": "Assoc.,Assocs", "Management": "Mgmt", "Group": "Grp",
    "and": "&", "&": "and", "Construction": "Constr.", "Elementary": "Elem.", "Community": "Comm.",
}  # fmt: skip


@dataclass(frozen=True)
class Vocabulary:
    """Names by code; the draw_* pairs are (codes, shares)."""

    first: Texts
    first_folded: Texts
    last: Texts
    last_folded: Texts
    nicknames: list[list[str]]
    draw_first: dict[tuple[int, bool], tuple[Ints, Floats]]
    draw_last: dict[bool, tuple[Ints, Floats]]


def fold(text: str) -> str:
    """The text without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _weights(names: list[str], known: dict[str, float], floor: float) -> dict[str, float]:
    plain = {fold(name): share for name, share in known.items()}
    return {name: max(plain.get(fold(name), 0.0), floor) for name in dict.fromkeys(" ".join(n.split()) for n in names)}


@cache
def vocabulary() -> Vocabulary:
    """English names as frequent as Faker's census weights say; Spanish names likewise where they are known."""
    surnames = dict(English.last_names)
    total = sum(surnames.values())
    english_last = surnames | {name: weight * total / 2500 for name, weight in PARTICLE_SURNAMES.items()}
    spanish_last = _weights(list(Spanish.last_names), surnames, 0.0004)
    english = {0: dict(English.first_names_male), 1: dict(English.first_names_female)}
    spanish = {
        0: _weights(list(Spanish.first_names_male), english[0], 0.0015),
        1: _weights(list(Spanish.first_names_female), english[1], 0.0015),
    }
    firsts = list(dict.fromkeys(n for part in (english[0], english[1], spanish[0], spanish[1]) for n in part))
    lasts = list(dict.fromkeys([*english_last, *spanish_last]))
    first_code = {name: code for code, name in enumerate(firsts)}
    last_code = {name: code for code, name in enumerate(lasts)}
    nick = {fold(name): short.split(",") for name, short in NICKNAMES.items()}

    def shares(weights: dict[str, float], codes: dict[str, int]) -> tuple[Ints, Floats]:
        values = np.asarray(list(weights.values()))
        return np.asarray([codes[n] for n in weights], dtype=np.int64), values / values.sum()

    return Vocabulary(
        first=texts(firsts),
        first_folded=texts([fold(n) for n in firsts]),
        last=texts(lasts),
        last_folded=texts([fold(n) for n in lasts]),
        nicknames=[nick.get(fold(n), []) for n in firsts],
        draw_first={
            (sex, is_spanish): shares(part[sex], first_code)
            for sex in (0, 1)
            for is_spanish, part in ((False, english), (True, spanish))
        },
        draw_last={False: shares(english_last, last_code), True: shares(spanish_last, last_code)},
    )


def draw_first_names(rng: Rng, sex: Ints, is_spanish: Ints) -> Ints:
    """Codes of first names that fit sex and language."""
    out = np.zeros(len(sex), dtype=np.int64)
    for (wanted, spanish), (codes, shares) in vocabulary().draw_first.items():
        rows = (sex == wanted) & (is_spanish == int(spanish))
        out[rows] = codes[choose(rng, int(rows.sum()), shares.tolist())]
    return out


def draw_last_names(rng: Rng, is_spanish: Ints) -> Ints:
    """Codes of last names that fit the language."""
    out = np.zeros(len(is_spanish), dtype=np.int64)
    for spanish, (codes, shares) in vocabulary().draw_last.items():
        rows = is_spanish == int(spanish)
        out[rows] = codes[choose(rng, int(rows.sum()), shares.tolist())]
    return out


def organization_names(rng: Rng, cities: Texts) -> Texts:
    """One name for each organization; its city's name is part of some."""
    size = len(cities)
    people = vocabulary().last_folded[draw_last_names(rng, np.zeros(size, dtype=np.int64))]
    others = vocabulary().last_folded[draw_last_names(rng, np.zeros(size, dtype=np.int64))]
    style = choose(rng, size, (3, 3, 2, 2, 1))
    word, other = between(rng, 0, len(ORG_WORDS) - 1, size), between(rng, 0, len(ORG_WORDS) - 1, size)
    trade = between(rng, 0, len(ORG_TRADES) - 1, size)
    form = choose(rng, size, (25, 30, 12, 10, 5, 3, 3, 12))
    has_second = chance(rng, size, 0.5)
    out = []
    for i in range(size):
        one, two = ORG_WORDS[word[i]], ORG_WORDS[other[i]]
        head = (
            f"{one} {two}" if has_second[i] and one != two else one,
            f"{people[i]} & Sons",
            f"{people[i]} & {others[i]}",
            f"{cities[i]}",
            f"{people[i]}'s",
        )[style[i]]
        out.append(f"{head} {ORG_TRADES[trade[i]]} {ORG_FORMS[form[i]]}".strip())
    return texts(out)


def organization_variant(name: str, draw: int) -> str:
    """The name as another clerk would shorten it: legal form, abbreviations, and/&."""
    words = name.split()
    spots = [i for i, word in enumerate(words) if word in ORG_SHORTER]
    if draw % 3 == 0:
        spots = spots[-1:]
    for i in spots:
        options = ORG_SHORTER[words[i]].split(",")
        words[i] = options[(draw // 3) % len(options)]
    return " ".join(word for word in words if word)
