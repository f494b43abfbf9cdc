"""What `dq lookup` needs in a proposed project: the sample's keys that speak of customers alone, and a card."""

from pathlib import Path

# The sample's SELECTs that read nothing but a customer's records and ids.
KEYS = ("customer_id", "account", "email", "phone", "name", "address")

SETTINGS = f"""
lookup:                       # what `dq lookup` finds by, and the card: sql/lookup/*.sql
  entity: customer
  keys: [{", ".join(KEYS)}]
  kinds:                      # the first is the best reason; a weight under 1 makes a hit count less
    customer_id: {{title: customer id}}
    old_customer_id: {{title: former customer id}}
    account: {{title: account}}
    email: {{title: e-mail}}
    phone: {{title: phone}}
    name: {{title: name, is_name: true}}
    sound: {{title: a name that sounds alike, weight: 0.99}}
    address: {{title: address}}
    address_sound: {{title: an address that sounds alike, weight: 0.99}}
    email_part: {{title: an e-mail nearly alike, weight: 0.98}}
    phone_part: {{title: a phone but for its area, weight: 0.8}}
"""


def lookup_files(sample: Path) -> list[Path]:
    """The files of the sample project that are taken as they are: the keys, and what a text may mean."""
    return [sample / f"pipelines/sql/lookup/{name}.sql" for name in ("asked", *KEYS)]


def lookup_card(*, has_households: bool) -> str:
    """`sql/lookup/card.sql`: the card of a customer of whom nothing but records is known."""
    return _CARD.format(
        persons=_PERSONS if has_households else "",
        household="    persons.household, -- who lives there, this customer too\n" if has_households else "",
        join="left join persons\n    on persons.household_id = customer.household_id\n" if has_households else "",
    )


_PERSONS = """\
with persons as (
    select
        members.household_id,
        list_sort(list({'name': customer.display_name, 'customer_id': customer.customer_id})) as household
    from mastered.household_member as members
    join mastered.customer
        on customer.customer_id = members.customer_id
    group by members.household_id
)
"""

_CARD = """\
-- One row is the card of a customer: what whoever talks to them must know.
{persons}select
    customer.customer_id, -- the stable id of the customer: customer.customer_id
    customer.display_name as name, -- the name to print
    concat_ws(
        ', ',
        nullif(concat_ws(' ', customer.city, customer.state), ''),
        customer.phone
    ) as brief, -- what tells them from a namesake, on one line
    coalesce(
        customer.preferred_name,
        customer.first_name,
        customer.display_name
    ) as likes_to_be_called, -- how to address them
    customer.customer_type, -- person or organization
    customer.phone, -- a number that is valid and is the customer's own, as E.164
    customer.email, -- an address that is valid and is the customer's own
    nullif(
        concat_ws(
            ', ',
            customer.address_line1,
            customer.address_line2,
            customer.city,
            nullif(concat_ws(' ', customer.state, customer.postal_code), '')
        ),
        ''
    ) as lives_at, -- the place in one line
    customer.birth_date, -- date of birth, to tell namesakes apart
{household}    customer.status, -- the record's status
    customer.records, -- how many records say so
    cast(customer.updated_at as date) as updated_on -- the day of the latest record
from mastered.customer
{join}"""
