"""What people type: names, e-mails, phones and dates of invented people, with the slips of real life."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tools.sample import dirt
from tools.sample.draw import Flags, Floats, Ints, Rng, Texts, between, chance, choose, pick, places_where, texts
from tools.sample.names import organization_variant, vocabulary
from tools.sample.people import HYPHEN, JR_SR, NO_SUFFIX, TWO_SURNAMES, People

OWN, OTHER, MISSING, WRONG, COMMON = range(5)
PLACEHOLDER_MAILS = ("none@none.com", "noemail@noemail.com", "none@none.com", "na@none.com")
STORE_PHONES = (6153279001, 4043279002, 3033279003)
PHONE_FORMS = (
    "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}", "{0}{1}{2}", "+1 {0} {1} {2}", "+1-{0}-{1}-{2}", "1-{0}-{1}-{2}",
    "{0} {1} {2}", "{0}-{1}-{2} x{3}", "({0}) {1}-{2} ext. {3}", "({0}){1}-{2}",
)  # fmt: skip
PHONE_SHARES = (30, 26, 7, 14, 5, 3, 3, 4, 1.5, 1, 4)
SUFFIXES = (("", "", ""), ("Jr.", "Jr", "JR"), ("Sr.", "Sr", "SR"), ("III", "III", "3rd"))
MAIL_SLIPS = (("gmail.com", "gmial.com"), ("gmail.com", "gmail.con"), ("yahoo.com", "yaho.com"), (".com", ".co"),
              ("hotmail.com", "hotmial.com"), ("outlook.com", "outlok.com"), ("icloud", "iclod"))  # fmt: skip


@dataclass(frozen=True)
class Names:
    """Typed name columns of some rows."""

    first: Texts
    last: Texts
    full: Texts
    preferred: Texts


def _surnames(rng: Rng, people: People, rows: Ints, folded: Flags) -> Texts:
    words, size = vocabulary(), len(rows)
    maiden = people.maiden[rows]
    last = np.where((maiden >= 0) & chance(rng, size, 0.45), maiden, people.last[rows])
    second = people.second[rows]
    form = people.form[rows]
    style = choose(rng, size, (50, 45, 5))
    hyphen_style = choose(rng, size, (60, 20, 20))
    one = np.where(folded, words.last_folded[last], words.last[last])
    two = np.where(folded, words.last_folded[second], words.last[second])
    spanish, joined = form == TWO_SURNAMES, form == HYPHEN
    out = one.copy()
    for flags, glue in (
        (spanish & (style == 0), " "), (spanish & (style == 2), "-"),
        (joined & (hyphen_style == 0), "-"), (joined & (hyphen_style == 1), " "),
    ):  # fmt: skip
        out[flags] = one[flags] + glue + two[flags]
    married = joined & (hyphen_style == 2)
    out[married] = two[married]
    return out


def _nicknames(rng: Rng, people: People, rows: Ints, wanted: Floats) -> tuple[Texts, Texts]:
    """First names as typed (some by nickname), and the preferred name, mostly blank."""
    words, size = vocabulary(), len(rows)
    folded = chance(rng, size, 0.6)
    first = np.where(folded, words.first_folded[people.first[rows]], words.first[people.first[rows]])
    preferred = texts([""] * size)
    draws = between(rng, 0, 10**6, size)
    as_first, as_preferred = chance(rng, size, wanted), chance(rng, size, 0.12)
    codes = people.first[rows]
    for i in places_where(as_first | as_preferred).tolist():
        options = words.nicknames[codes[i]]
        if options:
            short = options[draws[i] % len(options)]
            if as_first[i]:
                first[i] = short
            if as_preferred[i]:
                preferred[i] = short
    return first, preferred


def _slip_all(rng: Rng, values: Texts, rate: Floats) -> None:
    """Typing, scanning and hearing slips in place, at shares that grow with the dirt (0 to 1)."""
    size = len(values)
    dirt.spoil(rng, values, chance(rng, size, 0.008 + 0.05 * rate), dirt.typo)
    dirt.spoil(rng, values, chance(rng, size, 0.002 + 0.012 * rate), dirt.scanned)
    dirt.spoil(rng, values, chance(rng, size, 0.003 + 0.02 * rate), dirt.heard)


def _full_names(rng: Rng, people: People, rows: Ints, first: Texts, last: Texts, suffix: Texts) -> Texts:
    size = len(rows)
    form = choose(rng, size, (66, 13, 4, 4, 2, 5))
    for_men, for_women = pick(rng, size, ("Mr.", "Mr", "Dr.")), pick(rng, size, ("Mrs.", "Ms.", "Dr."))
    prefix = np.where(people.sex[rows] == 0, for_men, for_women)
    middle = [chr(65 + code) if code >= 0 else "" for code in people.middle[rows].tolist()]
    out = []
    for how, a, m, b, tail, title in zip(
        form.tolist(), first.tolist(), middle, last.tolist(), suffix.tolist(), prefix.tolist(), strict=True
    ):
        if how == 1 and m:
            name = f"{a} {m}. {b}"
        elif how == 2:
            name = f"{b}, {a}"
        elif how == 3 and m:
            name = f"{a} {m} {b}"
        elif how == 4:
            name = f"{b.upper()}, {a.upper()}"
        else:
            name = f"{title} {a} {b}" if how == 5 else f"{a} {b}"
        out.append(f"{name} {tail}" if tail else name)
    return texts(out)


def _change_case(rng: Rng, columns: list[Texts], rate: Floats) -> None:
    """Upper or lower case for the whole row, in place; double blanks in the last column only."""
    size = len(rate)
    style = choose(rng, size, (3, 1, 96))
    style[chance(rng, size, 0.05 * rate)] = 0
    for column in columns:
        for i in places_where(style == 0).tolist():
            column[i] = column[i].upper()
        for i in places_where(style == 1).tolist():
            column[i] = column[i].lower()
    for i in places_where(chance(rng, size, 0.01 + 0.02 * rate)).tolist():
        columns[-1][i] = columns[-1][i].replace(" ", "  ", 1)


def _firms(rng: Rng, people: People, rows: Ints, rate: Floats) -> Texts:
    size = len(rows)
    names = people.organization[rows]
    varied, draws = chance(rng, size, 0.08 + 0.55 * rate), between(rng, 0, 10**6, size)
    for i in places_where(varied).tolist():
        names[i] = organization_variant(names[i], int(draws[i]))
    dirt.spoil(rng, names, chance(rng, size, 0.02 + 0.06 * rate), dirt.typo)
    return np.asarray(names)


def type_names(rng: Rng, people: People, rows: Ints, rate: Floats) -> Names:
    """Name columns as typed; rate from 0 (careful) to 1 (careless) for each row."""
    size = len(rows)
    first, preferred = _nicknames(rng, people, rows, 0.05 + 0.17 * rate)
    last = _surnames(rng, people, rows, chance(rng, size, 0.55))
    _slip_all(rng, first, rate)
    _slip_all(rng, last, rate)
    for i in places_where(chance(rng, size, 0.004 + 0.015 * rate)).tolist():
        first[i] = first[i][:1]
    swap = chance(rng, size, 0.002 + 0.025 * rate)
    first[swap], last[swap] = last[swap], first[swap]
    has_suffix = (people.suffix[rows] != NO_SUFFIX) & chance(rng, size, np.where(people.kind[rows] == JR_SR, 0.88, 0.5))
    written = choose(rng, size, (60, 30, 10))
    parts = zip(people.suffix[rows].tolist(), written.tolist(), has_suffix.tolist(), strict=True)
    suffix = texts([SUFFIXES[which][how] if is_there else "" for which, how, is_there in parts])
    full = _full_names(rng, people, rows, first, last, suffix)
    in_last = has_suffix & chance(rng, size, 0.3)
    last[in_last] = last[in_last] + " " + suffix[in_last]
    firm = people.is_organization[rows]
    full[firm] = _firms(rng, people, rows[firm], rate[firm])
    for column in (first, last, preferred):
        column[firm] = ""
    _change_case(rng, [first, last, full], rate)
    return Names(first, last, full, preferred)


def take(column: pa.StringArray, rows: Ints) -> Texts:
    """The rows of an Arrow text column as an object array."""
    return texts(column.take(pa.array(rows)).to_pylist())


def type_emails(rng: Rng, people: People, rows: Ints, kind: Ints) -> Texts:
    """E-mails as typed: the own one, another of the same person's, none, one with a slip, or a shop's placeholder."""
    size = len(rows)
    out = take(people.email, rows)
    other = take(people.email_alt, rows)
    use_other = (kind == OTHER) & (other != "")
    out[use_other] = other[use_other]
    draws = between(rng, 0, 2**30, size)
    for i in places_where(kind == WRONG).tolist():
        local, _, domain = out[i].partition("@")
        slips = [(old, new) for old, new in MAIL_SLIPS if old in domain]
        if slips and draws[i] % 3:
            old, new = slips[draws[i] // 3 % len(slips)]
            out[i] = f"{local}@{domain.replace(old, new, 1)}"
        else:
            out[i] = f"{dirt.typo(local, int(draws[i]))}@{domain}"
    out[kind == MISSING] = ""
    common = kind == COMMON
    out[common] = pick(rng, int(common.sum()), PLACEHOLDER_MAILS)
    for i in places_where(chance(rng, size, 0.02)).tolist():
        out[i] = out[i].upper()
    return out


def type_phones(rng: Rng, people: People, rows: Ints, kind: Ints) -> Texts:
    """Phones as typed, in many forms: own, another of the same person's, none, one digit wrong, or a shop's number."""
    size = len(rows)
    number = np.where(kind == OTHER, people.phone_alt[rows], people.phone[rows])
    digit = 10 ** between(rng, 0, 3, size)
    old = number // digit % 10
    number = np.where(kind == WRONG, number + ((old + between(rng, 1, 9, size)) % 10 - old) * digit, number)
    store = np.asarray(STORE_PHONES)[choose(rng, size, (5, 2, 1))]
    number = np.where(kind == COMMON, store, number)
    form, extension = choose(rng, size, PHONE_SHARES), between(rng, 2, 499, size)
    out = []
    is_missing = (kind == MISSING).tolist()
    for n, how, ext, is_blank in zip(number.tolist(), form.tolist(), extension.tolist(), is_missing, strict=True):
        digits = str(n)
        if is_blank:
            out.append("")
        elif len(digits) > 10:
            out.append(f"+{digits[:2]} {digits[2:5]} {digits[5:8]} {digits[8:]}" if how % 2 else f"+{digits}")
        else:
            out.append(PHONE_FORMS[how].format(digits[:3], digits[3:6], digits[6:], ext))
    return texts(out)


def type_dates(rng: Rng, days: Ints, kind: Ints) -> Texts:
    """Birth dates as typed: own, missing, wrong (a year or a day off), or with day and month swapped (OTHER)."""
    size = len(days)
    style = choose(rng, size, (82, 13, 5))
    shift, draws = between(rng, 0, 3, size), between(rng, 1, 9, size)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    out = []
    iso = days.astype("datetime64[D]").astype(str).tolist()
    columns = (iso, style.tolist(), kind.tolist(), shift.tolist(), draws.tolist())
    for text, how, is_kind, by, amount in zip(*columns, strict=True):
        year, month, day = (int(part) for part in text.split("-"))
        if is_kind == MISSING:
            out.append("")
            continue
        if is_kind == WRONG:
            year, day = year + (1, -1, 10, 0)[by], min(day, 28)
            day = day if by < 3 else (day + amount - 1) % 28 + 1
        if is_kind == OTHER and day > 12:
            out.append(f"{day:02d}/{month:02d}/{year}")
            continue
        if is_kind == OTHER:
            month, day = day, month
        if how == 1:
            out.append(f"{month:02d}/{day:02d}/{year}")
        else:
            out.append(f"{day:02d}-{months[month - 1]}-{year}" if how == 2 else f"{year}-{month:02d}-{day:02d}")
    return texts(out)


def type_times(seconds: Ints) -> Texts:
    """Timestamps YYYY-MM-DD HH:MM:SS; blank for 0."""
    stamps = texts(pa.array(seconds.astype("datetime64[s]")).cast(pa.string()).to_pylist())
    stamps[seconds == 0] = ""
    return stamps
