"""What holds for the standardizer macros whatever text comes: they never fail, and twice is once."""

import re
from datetime import date
from functools import cache
from typing import Any

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse

RUN_DATE = date(2026, 11, 20)
BATCH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HARD_WORDS = r"""
    Dr Mr. Mrs Sr Jr. III V MD, PhD van der de la del Mc O' O’Brien St. y & and , "Bill" (Bob) García Smith-Jones LÓPEZ
    Ångström ß İ ı ŉ Ǆ ﬁ 李 Иван -- ' x +1 (212) 555-0123 ext 9 @ a@b.com <j@x.org> Inc. LLC The 2001-02-30 12/31/85
    31.12.2001 December 31, 0000000000 N/A % ~ \ $1 \1
"""
WORDS = st.sampled_from([*HARD_WORDS.split(), "", "\u00a0", "\u200b", "\u0301"])
TEXTS = st.one_of(
    st.text(max_size=40), st.lists(WORDS, max_size=7).map(" ".join), st.lists(WORDS, max_size=5).map("".join)
)
BATCHES = st.lists(TEXTS, min_size=1, max_size=40)
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)

# Macros that map a text onto a text of the same kind: twice is once.
IDEMPOTENT = {
    "std_blank": "std_blank({})",
    "std_fold": "std_fold({})",
    "std_key": "std_key({})",
    "std_email": "std_email({})",
    "std_email_key": "std_email_key({})",
    "std_phone": "std_phone({}, 'US')",
    "std_phone_digits": "std_phone_digits({})",
    "std_date": "cast(std_date({}) as varchar)",
    "std_birth_date": "cast(std_birth_date({}) as varchar)",
    "std_country": "std_country({})",
    "std_state": "std_state({})",
    "std_city": "std_city({})",
    "std_postal_code": "std_postal_code({}, 'US')",
    "std_postal_code abroad": "std_postal_code({}, 'GB')",
    "std_organization": "std_organization({})",
    "std_surname": "std_surname({})",
    "std_given": "std_given({})",
    "std_display_name": "std_display_name({})",
    "std_display_organization": "std_display_organization({})",
    "std_mask_text": "std_mask_text({})",
    "std_mask_name": "std_mask_name({})",
}
OTHERS = (
    "std_is_placeholder({})",
    "std_has_one_case({})",
    "std_is_organization({})",
    "std_person_core({})",
    "std_person_first({})",
    "std_person_middle({})",
    "std_person_last({})",
    "std_person_suffix({})",
    "std_person_prefix({})",
    "std_person_nickname({})",
    "std_phonetic({})",
    "std_email_is_placeholder({})",
    "std_phone_is_placeholder({})",
    "std_phone_is_valid({}, {})",
    "std_postal_code_is_valid({}, {})",
    "std_phone({}, {})",
    "std_state_is_us({})",
    "std_mask_email({})",
    "std_mask_phone({})",
)


@cache
def warehouse() -> Warehouse:
    made = Warehouse(threads=1)
    load_macros(made)
    set_run_values(made, "r1", RUN_DATE)
    return made


def apply(expression: str, texts: list[Any]) -> list[Any]:
    """The expression's value for each text, in order."""
    query = f"""select {expression.replace("{}", "text")}
        from (select unnest(?::varchar[]) as text, unnest(range({len(texts)})) as place) order by place"""
    return [value for (value,) in warehouse().rows(query, [texts])]


@pytest.mark.parametrize("macro", IDEMPOTENT)
@BATCH
@given(texts=BATCHES)
def test_twice_is_once(macro: str, texts: list[str]) -> None:
    once = apply(IDEMPOTENT[macro], texts)
    twice = apply(IDEMPOTENT[macro], once)
    assert list(zip(texts, twice, strict=True)) == list(zip(texts, once, strict=True))


@pytest.mark.parametrize("expression", OTHERS)
@BATCH
@given(texts=BATCHES)
def test_no_text_makes_a_macro_fail(expression: str, texts: list[str]) -> None:
    assert len(apply(expression, texts)) == len(texts)


@BATCH
@given(texts=BATCHES)
def test_what_comes_out_has_its_form(texts: list[str]) -> None:
    for fold in apply("std_fold({})", texts):
        assert fold is None or (fold == fold.strip() and "  " not in fold and fold != "" and "'" not in fold)
    for email in apply("std_email({})", texts):
        assert email is None or re.fullmatch(r"[^\s@<>]+@[^\s@<>.]+(\.[^\s@<>.]+)+", email)
    for phone in apply("std_phone({}, null)", texts):
        assert phone is None or re.fullmatch(r"\+[1-9][0-9]{7,14}", phone)
    for digits in apply("std_phone_digits({})", texts):
        assert digits is None or re.fullmatch(r"[0-9]{7,10}", digits)
    for day in apply("std_birth_date({})", texts):
        assert day is None or date(1000, 1, 1) <= day <= RUN_DATE
    for sound in apply("std_phonetic({})", texts):
        assert sound is None or re.fullmatch(r"[a-z]{1,6}", sound)
    for surname in apply("std_surname({})", texts):
        assert surname is None or surname.strip() == surname != ""


@BATCH
@given(texts=st.lists(NAMES, min_size=1, max_size=40))
def test_case_and_spacing_of_a_name_change_no_key(texts: list[str]) -> None:
    key = "(std_fold(std_person_first({})), std_surname(std_person_last({})), std_person_suffix({}))"
    # A few letters have no capital of their own (ﬁ, ŉ, ı): upper case would make another word of them.
    plain = [text for text in texts if text.upper().lower() == text.lower()]
    assert apply(key, [text.upper() for text in plain]) == apply(key, [text.lower() for text in plain])
    assert apply(key, [f"  {text.replace(' ', '   ')}\t" for text in plain]) == apply(key, plain)


FIRST_NAMES = st.sampled_from(["John", "Mary", "José", "Anne-Marie", "Li", "Zoë"])
SURNAMES = st.sampled_from(["Smith", "O'Brien", "van der Berg", "de la Cruz", "García López", "McDonald", "Ng"])


@BATCH
@given(names=st.lists(st.tuples(FIRST_NAMES, SURNAMES), min_size=1, max_size=20))
def test_both_orders_of_a_name_are_one_person(names: list[tuple[str, str]]) -> None:
    key = "(std_given(std_person_first({})), std_surname(std_person_last({})))"
    straight = [f"{first} {last}" for first, last in names]
    turned = [f"{last}, {first}".upper() for first, last in names]
    assert apply(key, straight) == apply(key, turned)


DATE_FORMS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d.%m.%Y",
    "%Y-%m-%d 12:34:56",
    "%m/%d/%Y 01:02 PM",
)


@BATCH
@given(days=st.lists(st.dates(date(1930, 1, 1), date(2026, 11, 20)), min_size=1, max_size=30))
def test_a_day_is_read_in_each_way_of_writing_it(days: list[date]) -> None:
    for form in (
        "%Y-%m-%d",
        "%m/%d/%Y",
        "%Y%m%d",
        "%d-%b-%Y",
        "%B %d, %Y",
        "%d %B %Y",
        "%Y-%m-%d 12:34:56",
        "%d.%m.%Y",
        "%m/%d/%Y 01:02 PM",
    ):
        assert apply("std_date({})", [day.strftime(form) for day in days]) == days, form


NUMBERS = st.lists(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True), min_size=1, max_size=60)
FORMS = ("{a}{b}{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "+1 {a} {b} {c}", "1.{a}.{b}.{c}", "{a} {b} {c} x12")


@BATCH
@given(numbers=NUMBERS)
def test_phones_agree_with_phonenumbers(numbers: list[str]) -> None:
    """A US number that phonenumbers calls valid is ours too, however written; what we find it calls possible."""
    for form in FORMS:
        texts = [form.format(a=number[:3], b=number[3:6], c=number[6:]) for number in numbers]
        placeholders = apply("std_phone_is_placeholder({})", texts)
        for text, ours, placeholder in zip(texts, apply("std_phone({}, 'US')", texts), placeholders, strict=True):
            theirs = phonenumbers.parse(text, "US")
            written = phonenumbers.format_number(
                phonenumbers.PhoneNumber(1, theirs.national_number), phonenumbers.PhoneNumberFormat.E164
            )
            # The numbering plan gives no exchange the form N11 (it is dialed for services); phonenumbers does not look.
            service = str(theirs.national_number)[4:6] == "11"
            if phonenumbers.is_valid_number(theirs) and not placeholder and not service:
                assert ours == written, text
            if ours is not None:
                assert phonenumbers.is_possible_number(theirs), text
                assert ours == written, text


@BATCH
@given(country=st.sampled_from(["GB", "DE", "FR", "AU", "NL", "ES", "IN"]))
def test_numbers_of_other_countries_with_their_plus(country: str) -> None:
    example = phonenumbers.example_number(country)
    for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        text = phonenumbers.format_number(example, form)
        assert apply("std_phone({}, 'US')", [text]) == [
            phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        ]


@BATCH
@given(texts=BATCHES)
def test_masks_hide(texts: list[str]) -> None:
    letters = [text for text in texts if re.fullmatch(r"[A-Za-z0-9@. ]{8,}", text)]
    for text, masked in zip(letters, apply("std_mask_name({})", letters), strict=True):
        for word in text.split():
            assert masked is None or len(word) == 1 or word not in masked


LETTERS = st.sampled_from(["ab", "abc", "0123456789", "éabc@."])


@st.composite
def near_texts(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and what some edits made of it: letters put in, taken out, changed, or swapped with their neighbours."""
    letters = draw(LETTERS)
    text = draw(st.text(letters, max_size=24))
    edited = text
    for kind, place, letter in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.sampled_from(letters)), max_size=4)
    ):
        at = min(place, len(edited))
        rest = edited[at:]
        edited = (
            edited[:at]
            + {0: letter + rest, 1: rest[1:], 2: letter + rest[1:], 3: rest[1:2] + rest[:1] + rest[2:]}[kind]
        )
    return text, edited


@BATCH
@given(pairs=st.lists(near_texts(), min_size=1, max_size=60))
def test_few_edits_are_found_without_measuring_most_distances(pairs: list[tuple[str, str]]) -> None:
    ones, others = map(list, zip(*pairs, strict=True))
    wrong = warehouse().rows(
        """select one, other, edits from
        (select unnest(?) as one, unnest(?) as other), (values (1), (2)) as limits(edits)
        where std_edits_at_most(one, other, edits) <> (damerau_levenshtein(one, other) <= edits)""",
        [ones, others],
    )
    assert wrong == []
