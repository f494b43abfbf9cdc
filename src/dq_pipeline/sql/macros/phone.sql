-- std_phone_number: the text of a phone number without its extension.
create or replace macro std_phone_number(text) as (
    regexp_replace(lower(text), '[\s,;]*(?:extension|ext|xtn|x|#)[\s.:=#]*[0-9]{1,6}\s*$', '')
);

-- std_phone_digits: the last ten digits of a phone number, valid or not, extension left out; null under seven digits.
create or replace macro std_phone_digits(text) as (
    list_transform(
        [regexp_replace(std_phone_number(text), '[^0-9]', '', 'g')],
        lambda digits: case when length(digits) >= 7 then right(digits, 10) end
    )[1]
);

-- std_phone_is_placeholder: true for numbers that nobody has: one digit over and over, 1234567890, 555-5555.
create or replace macro std_phone_is_placeholder(text) as (
    coalesce(
        regexp_full_match(
            std_phone_digits(text),
            '0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|[0-9]{3}(?:0{7}|1{7}|5{7}|9{7})'
            || '|0?123456789|1234567890|1234567|9876543210|9876543|0987654321|(?:000|111|123|555|999)1234567'
            || '|(?:123){3}.?|1231231234|1112223333|5555551234'
        ),
        false
    )
);

-- std_phone_dialed: the digits of a phone number as dialed: 00 and 011 as +, a bracketed zero and the extension left
-- out.
create or replace macro std_phone_dialed(text) as (
    regexp_replace(
        regexp_replace(std_phone_number(text), '^[^0-9+]*(?:\+|0011|011|00)[^0-9]*', '+'),
        '\(0\)|[^0-9+]', '', 'g'
    )
);

-- std_phone: a phone number as E.164 or null. Numbers without a country code are North American ones where the country
-- is blank or in North America (area code 2-9, no N9X, no N11; exchange 2-9, no N11); any other country's need the +
-- sign.
create or replace macro std_phone(text, country) as (
    case
        when std_phone_is_placeholder(text) then null
        else coalesce(
            '+1' || std_nonempty(
                regexp_extract(
                    case when coalesce(std_country(country), 'US') in ('US', 'CA', 'PR') then '' else '!' end || std_phone_dialed(text),
                    '^(?:\+?1|!\+1)?([2-9](?:[02-8][0-9]|1[02-9])[2-9](?:[02-9][0-9]|1[02-9])[0-9]{4})$',
                    1
                )
            ),
            std_nonempty(regexp_extract(std_phone_dialed(text), '^\+[2-9][0-9]{7,14}$'))
        )
    end
);

-- std_phone_is_valid: true where std_phone finds a number, false where the text holds none; null for no text.
create or replace macro std_phone_is_valid(text, country) as (
    case when std_blank(text) is not null then std_phone(text, country) is not null end
);

-- std_phone_tail7: the last seven digits of a phone number: the number without its area.
create or replace macro std_phone_tail7(text) as (
    right(std_phone_digits(text), 7)
);
