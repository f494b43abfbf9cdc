"""The truth: households of invented people, and organizations, with their facts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tools.sample.draw import Flags, Ints, Rng, Texts, between, chance, choose, running_count, scaled, stream, texts
from tools.sample.names import draw_first_names, draw_last_names, fold, organization_names, vocabulary
from tools.sample.places import AREA_CODES, Places, settle, street_in_town_of, streets

SINGLE, COUPLE, FAMILY, JR_SR, TWINS, ORGANIZATION, OTHER_TOWN, SAME_TOWN = range(8)
PLAIN, TWO_SURNAMES, HYPHEN = range(3)
NO_SUFFIX, JUNIOR, SENIOR, THIRD = range(4)
MAIL_HOMES = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com", "comcast.net", "att.net")
MAIL_SHARES = (42, 17, 10, 9, 6, 7, 5, 4)


@dataclass(frozen=True)
class Households:
    """One row a household; a namesake's household has the model household whose head it copies (else -1)."""

    kind: Ints
    size: Ints
    model: Ints
    place: Ints
    old_place: Ints
    moved_at: Ints


@dataclass(frozen=True)
class People:
    """One row a person or organization; the first `in_crm` rows are known to the CRM."""

    in_crm: int
    household: Ints
    role: Ints
    kind: Ints
    sex: Ints
    is_spanish: Ints
    first: Ints
    last: Ints
    second: Ints
    form: Ints
    maiden: Ints
    suffix: Ints
    middle: Ints
    born: Ints
    organization: Texts
    email: pa.StringArray
    email_alt: pa.StringArray
    phone: Ints
    phone_alt: Ints
    homes: Households
    places: Places

    @property
    def is_organization(self) -> Flags:
        """Flags of the rows that are organizations."""
        return np.asarray(self.kind == ORGANIZATION)


def _household_kinds(rng: Rng, crm: int, others: int) -> tuple[Ints, Ints]:
    """Kind and size of each household, the CRM's first; sizes add up to crm + others."""
    counts = {
        JR_SR: scaled(0.008, crm), TWINS: scaled(0.008, crm), COUPLE: scaled(0.075, crm), FAMILY: scaled(0.035, crm),
        ORGANIZATION: scaled(0.08, crm), OTHER_TOWN: scaled(0.026, crm), SAME_TOWN: scaled(0.009, crm),
    }  # fmt: skip
    kinds = np.repeat(list(counts), list(counts.values()))
    sizes = np.select([np.isin(kinds, (JR_SR, TWINS, COUPLE)), kinds == FAMILY], [2, between(rng, 3, 5, len(kinds))], 1)
    known_singles = crm - int(sizes.sum())
    if known_singles < scaled(0.035, crm):
        raise ValueError(f"too few customers ({crm} people) for the planted groups; ask for at least 200 customers")
    other_couples = others // 8
    kinds = np.r_[kinds, np.full(known_singles, SINGLE), np.full(other_couples, COUPLE)]
    sizes = np.r_[sizes, np.full(known_singles, 1), np.full(other_couples, 2)]
    rest = crm + others - int(sizes.sum())
    kinds = np.r_[kinds, np.where(chance(rng, rest, 0.05), ORGANIZATION, SINGLE)]
    return kinds.astype(np.int64), np.r_[sizes, np.full(rest, 1)].astype(np.int64)


def _households(rng: Rng, crm: int, others: int, as_of: int) -> tuple[Households, Places]:
    kind, size = _household_kinds(rng, crm, others)
    number = len(kind)
    known = np.cumsum(size) <= crm
    model = np.full(number, -1, dtype=np.int64)
    namesakes = np.flatnonzero((kind == OTHER_TOWN) | (kind == SAME_TOWN))
    model[namesakes] = rng.permutation(np.flatnonzero(known & (kind == SINGLE)))[: len(namesakes)]
    street = between(rng, 0, streets().domestic - 1, number)
    # some streets are long, so that neighbors and namesakes in one street occur
    busy = chance(rng, number, 0.15)
    street = np.where(busy, (street * 7919) % 211, street)
    foreign = np.zeros(number, dtype=bool)
    unmatched = np.setdiff1d(np.flatnonzero(known & (kind == SINGLE)), model[namesakes])
    foreign[rng.choice(unmatched, scaled(0.009, crm), replace=False)] = True
    street = np.where(foreign, between(rng, streets().domestic, len(streets().name) - 1, number), street)
    near = kind == SAME_TOWN
    street[near] = street_in_town_of(rng, street[model[near]])
    far = np.flatnonzero(kind == OTHER_TOWN)
    clash = streets().town[street[far]] == streets().town[street[model[far]]]
    street[far[clash]] = (street[far[clash]] + streets().domestic // 2) % streets().domestic
    moved = chance(rng, number, 0.07) & (kind != ORGANIZATION) & ~foreign & (model < 0)
    old_street = between(rng, 0, streets().domestic - 1, int(moved.sum()))
    fixed = foreign | near | (kind == OTHER_TOWN)
    fixed[model[namesakes]] = True
    wants_unit = chance(rng, number + len(old_street), 0.22) & ~np.r_[fixed, np.zeros(len(old_street), dtype=bool)]
    is_office = np.r_[kind == ORGANIZATION, np.zeros(len(old_street), dtype=bool)]
    places = settle(rng, np.r_[street, old_street], wants_unit, is_office)
    old_place = np.full(number, -1, dtype=np.int64)
    old_place[moved] = number + np.arange(len(old_street))
    moved_at = np.where(moved, as_of - between(rng, 30, 900, number) * 86400, 0)
    return Households(kind, size, model, np.arange(number, dtype=np.int64), old_place, moved_at), places


def _last_names(rng: Rng, homes: Households, home: Ints, role: Ints, spanish: Ints, sex: Ints) -> dict[str, Ints]:
    """Surnames with who took whose: Spanish pairs, married, maiden and hyphenated names."""
    number = len(homes.kind)
    head = np.cumsum(homes.size) - homes.size
    father, mother = draw_last_names(rng, spanish[head]), draw_last_names(rng, spanish[head])
    own = draw_last_names(rng, spanish)
    kind = homes.kind[home]
    spouse = (role == 1) & ((kind == COUPLE) | (kind == FAMILY))
    is_spanish = spanish == 1
    kept = spouse & (is_spanish | chance(rng, len(home), 0.22))
    hyphen = spouse & ~kept & chance(rng, len(home), 0.06)
    last = np.where(kept | hyphen, own, father[home])
    children = (role >= 2) & (kind == FAMILY)
    spouse_last = np.zeros(number, dtype=np.int64)
    spouse_last[home[spouse]] = last[spouse]
    second = np.where(is_spanish, np.where(children, spouse_last[home], mother[home]), -1)
    second = np.where(spouse & is_spanish, draw_last_names(rng, spanish), second)
    second = np.where(hyphen, father[home], second)
    form = np.where(hyphen, HYPHEN, np.where(is_spanish, TWO_SURNAMES, PLAIN))
    maiden = np.where(spouse & ~kept & ~hyphen & (sex == 1) & chance(rng, len(home), 0.4), own, -1)
    return {"last": last, "second": second, "form": form, "maiden": maiden}


def _births(rng: Rng, homes: Households, home: Ints, role: Ints, as_of_day: int) -> Ints:
    """Days of birth: adults, children of 16 to 24, fathers 22 to 38 years older, twins the same day."""
    kind = homes.kind[home]
    day = as_of_day - between(rng, 24 * 365, 88 * 365, len(home))
    elder = ((kind == FAMILY) & (role < 2)) | ((kind == JR_SR) & (role == 0))
    day = np.where(elder, as_of_day - between(rng, 48 * 365, 75 * 365, len(home)), day)
    head = np.cumsum(homes.size) - homes.size
    head_day = day[head][home]
    spouse = (role == 1) & ((kind == COUPLE) | (kind == FAMILY))
    day = np.where(spouse, head_day + between(rng, -6 * 365, 6 * 365, len(home)), day)
    day = np.where((kind == FAMILY) & (role > 1), as_of_day - between(rng, 16 * 365, 24 * 365, len(home)), day)
    day = np.where((kind == JR_SR) & (role == 1), head_day + between(rng, 22 * 365, 30 * 365, len(home)), day)
    return np.where((kind == TWINS) & (role == 1), head_day, np.minimum(day, as_of_day - 16 * 365))


def _phones(rng: Rng, street: Ints) -> Ints:
    """Valid numbers of the North American plan (Spain and Germany their own), all different."""
    known = streets()
    codes = {state: np.asarray(c.split(), dtype=np.int64) for state, c in AREA_CODES.items()}
    exchanges = np.asarray([e for e in range(200, 1000) if e != 555 and e % 100 != 11], dtype=np.int64)
    names, state = np.unique(known.state.astype(str), return_inverse=True)
    country = known.country[street]

    def draw(rows: Ints) -> Ints:
        area = np.zeros(len(rows), dtype=np.int64)
        for i, name in enumerate(names.tolist()):
            here = np.flatnonzero(state[street[rows]] == i)
            area[here] = codes[name][between(rng, 0, len(codes[name]) - 1, len(here))] if name else 600
        exchange = exchanges[between(rng, 0, len(exchanges) - 1, len(rows))]
        local = area * 10**7 + exchange * 10**4 + between(rng, 0, 9999, len(rows))
        abroad = np.select([country[rows] == "ES", country[rows] == "DE"], [34 * 10**9, 49 * 10**10 + 10**9], 0)
        return np.asarray(np.where(abroad > 0, abroad + 6 * 10**8 + local % 10**8, local), dtype=np.int64)

    out = draw(np.arange(len(street)))
    while True:
        _, first = np.unique(out, return_index=True)
        again = np.setdiff1d(np.arange(len(out)), first)
        if not len(again):
            return out
        out[again] = draw(again)


def _mail_name(first: str, last: str, style: int, year: int) -> str:
    if style == 0:
        return f"{first}.{last}"
    if style == 1:
        return f"{first[:1]}{last}"
    if style == 2:
        return f"{first}{last}{year % 100:02d}"
    if style == 3:
        return f"{first}_{last}"
    return f"{last}{first[:1]}{year % 100:02d}" if style == 4 else f"{first}{year}"


def _emails(rng: Rng, taken: dict[str, int], people: dict[str, Ints], organization: Texts) -> list[str]:
    """One e-mail a person, no two the same; an organization's has its own domain."""
    words = vocabulary()
    firsts = ["".join(c for c in fold(n).lower() if c.isalpha()) for n in words.first]
    lasts = ["".join(c for c in fold(n).lower() if c.isascii() and c.isalpha()) for n in words.last]
    size = len(organization)
    style, home = choose(rng, size, (30, 18, 18, 6, 16, 12)), choose(rng, size, MAIL_SHARES)
    year = people["born"] // 365.25 + 1970
    box = between(rng, 0, 3, size)
    out = []
    for i, (first, last, how, at, born, firm) in enumerate(zip(
        people["first"].tolist(), people["last"].tolist(), style.tolist(), home.tolist(), year.tolist(),
        organization.tolist(), strict=True,
    )):  # fmt: skip
        if firm:
            domain = "".join(c for c in fold(firm).lower() if c.isascii() and c.isalpha())[:24] + ".com"
            name = ("info", "office", "orders", "sales")[box[i]]
        else:
            domain, name = MAIL_HOMES[at], _mail_name(firsts[first], lasts[last], how, int(born))
        seen = taken.get(f"{name}@{domain}", 0)
        taken[f"{name}@{domain}"] = seen + 1
        out.append(f"{name}.{seen + 1}@{domain}" if seen else f"{name}@{domain}")
    return out


def _first_names(rng: Rng, homes: Households, home: Ints, role: Ints, sex: Ints, spanish: Ints) -> Ints:
    """First names; only father and son share one inside a household."""
    first = draw_first_names(rng, sex, spanish)
    head = np.cumsum(homes.size) - homes.size
    heir = (homes.kind[home] == JR_SR) & (role == 1)
    for _ in range(50):
        key = home * 10**6 + first
        twice = (running_count(key) > 0) & ~heir
        if not twice.any():
            break
        first[twice] = draw_first_names(rng, sex[twice], spanish[twice])
    first[heir] = first[head[home[heir]]]
    return first


def _sexes(rng: Rng, homes: Households, home: Ints, role: Ints) -> Ints:
    kind = homes.kind[home]
    sex = between(rng, 0, 1, len(home))
    head = np.cumsum(homes.size) - homes.size
    spouse = (role == 1) & ((kind == COUPLE) | (kind == FAMILY))
    other = np.where(chance(rng, len(home), 0.96), 1 - sex[head][home], sex[head][home])
    return np.where(spouse, other, np.where(kind == JR_SR, 0, sex))


def _shared(rng: Rng, homes: Households, home: Ints, share: float) -> Flags:
    """Members of the households in which all use the head's own."""
    flags = chance(rng, len(homes.kind), share) & (homes.size > 1)
    return np.asarray(flags[home])


def _organizations(rng: Rng, is_organization: Flags, cities: Texts, in_crm: int) -> Texts:
    """Names of organizations (blank for persons); one in eight is a branch with the name of another."""
    out = texts([""] * len(is_organization))
    rows = np.flatnonzero(is_organization)
    names = organization_names(rng, cities[rows])
    branch = chance(rng, len(rows), 0.12)
    branch[: min(4, len(rows))] = False
    mother = (between(rng, 0, 10**9, len(rows)) % np.maximum(np.arange(len(rows)), 1)).astype(np.int64)
    for i in np.flatnonzero(branch & (rows < in_crm)).tolist():
        names[i] = names[mother[i]]
    out[rows] = names
    return out


def invent(seed: int, crm: int, others: int, as_of: int) -> People:
    """All people: `crm` known to the CRM and `others` met only in orders and shipments; as_of in seconds."""
    rng = stream(seed, "people")
    homes, places = _households(rng, crm, others, as_of)
    home = np.repeat(np.arange(len(homes.kind)), homes.size)
    head = np.cumsum(homes.size) - homes.size
    role = np.arange(len(home)) - head[home]
    kind = homes.kind[home]
    sex = _sexes(rng, homes, home, role)
    spanish = chance(rng, len(homes.kind), 0.13).astype(np.int64)[home]
    facts = _last_names(rng, homes, home, role, spanish, sex)
    facts["first"] = _first_names(rng, homes, home, role, sex, spanish)
    facts["born"] = _births(rng, homes, home, role, as_of // 86400)
    heir = (kind == JR_SR) & (role == 1)
    third = chance(rng, len(home), 0.005) & (sex == 0) & (homes.size[home] == 1)
    facts["suffix"] = np.select([heir, kind == JR_SR, third], [JUNIOR, SENIOR, THIRD], NO_SUFFIX)
    facts["middle"] = np.where(chance(rng, len(home), 0.6), between(rng, 0, 25, len(home)), -1)
    copies = np.flatnonzero(homes.model[home] >= 0)
    models = head[homes.model[home[copies]]]
    for name in ("first", "last", "second", "form", "suffix"):
        facts[name][copies] = facts[name][models]
    sex[copies], spanish[copies] = sex[models], spanish[models]
    close = np.abs(facts["born"][copies] - facts["born"][models]) < 400
    facts["born"][copies[close]] -= 1500
    street = places.street[homes.place]
    is_organization = kind == ORGANIZATION
    organization = _organizations(rng, is_organization, streets().city[street[home]], crm)
    taken: dict[str, int] = {}
    email = texts(_emails(rng, taken, facts, organization))
    use_head = _shared(rng, homes, home, 0.15)
    email[use_head] = email[head[home[use_head]]]
    alt = texts(_emails(rng, taken, facts, organization))
    alt[~chance(rng, len(home), 0.35)] = ""
    mobile, landline = np.split(_phones(rng, np.r_[street[home], street]), [len(home)])
    phone = np.where(_shared(rng, homes, home, 0.25), landline[home], mobile)
    return People(
        in_crm=crm, household=home, role=role, kind=kind, sex=sex, is_spanish=spanish, **facts,
        organization=organization, email=pa.array(email), email_alt=pa.array(alt), phone=phone,
        phone_alt=landline[home], homes=homes, places=places,
    )  # fmt: skip
