-- One row is one household: people who live at one place and share a family name, a phone, an e-mail or an account.
with members as (
    select
        household_member.household_id,
        household_member.address_id,
        household_member.evidence,
        std_surname(golden.last_name) as surname
    from mastered.household_member
    join mastered.customer_golden as golden
        on golden.customer_id = household_member.customer_id
)
select
    household_id, -- made of the id of its oldest customer, so it lasts while that one lives there, wherever they move to
    address_id, -- where they live: address.address_id
    array_to_string(list_sort(list(distinct surname)), ' / ') as surname, -- the family names, folded
    count(*) as members, -- how many customers it has; they stay customers of their own
    concat_ws(
        ', ',
        'same_address',
        case when max(case when contains(evidence, 'same_surname') then 1 else 0 end) = 1 then 'same_surname' end,
        case when max(case when contains(evidence, 'shared_phone') then 1 else 0 end) = 1 then 'shared_phone' end,
        case when max(case when contains(evidence, 'shared_email') then 1 else 0 end) = 1 then 'shared_email' end,
        case when max(case when contains(evidence, 'shared_account') then 1 else 0 end) = 1 then 'shared_account' end
    ) as evidence -- what holds it together
from members
group by
    household_id,
    address_id
