-- std_date_parts: a written date as 'year-month-day' text with the month as a number or a name's first three letters,
-- or null. Slashes and dashes mean month/day/year unless only day/month/year fits; dots mean day.month.year unless only
-- the other fits.
create or replace macro std_date_parts(text) as (
    list_transform(
        [regexp_replace(trim(lower(text)), '(?:[t ]+[0-9]{1,2}:[0-9]{2}.*| 00:00.*)$', '')],
        lambda day: case
            when regexp_full_match(day, '[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}') then regexp_replace(day, '[/.]', '-', 'g')
            when regexp_full_match(day, '[0-9]{8}') then day[1:4] || '-' || day[5:6] || '-' || day[7:8]
            when regexp_full_match(day, '(?:0?[1-9]|1[0-2])[-/][0-9]{1,2}[-/](?:[0-9]{4}|[0-9]{2})')
                then regexp_replace(day, '^([0-9]+)[-/]([0-9]+)[-/]([0-9]+)$', '\3-\1-\2')
            when regexp_full_match(day, '[0-9]{1,2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-9]{4}|[0-9]{2})')
                then regexp_replace(day, '^([0-9]+)[-/.]([0-9]+)[-/.]([0-9]+)$', '\3-\2-\1')
            when regexp_full_match(day, '(?:0?[1-9]|1[0-2])\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2})')
                then regexp_replace(day, '^([0-9]+)\.([0-9]+)\.([0-9]+)$', '\3-\1-\2')
            when regexp_matches(day, '[a-z]')
                then regexp_replace(
                    regexp_replace(
                        regexp_replace(day, '^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[\s.,]+', ''),
                        '^([0-9]{1,2})(?:st|nd|rd|th)?[-/\s.]*(?:of\s+)?([a-z]{3})[a-z]*[-/\s.,]*([0-9]{4}'
                        || '|[0-9]{2})$', '\3-\2-\1'
                    ),
                    '^([a-z]{3})[a-z]*[-/\s.]*([0-9]{1,2})(?:st|nd|rd|th)?[-/\s.,]+([0-9]{4}|[0-9]{2})$', '\3-\1-\2'
                )
        end
    )[1]
);

-- std_date: the date that a text states (2001-12-31, 12/31/2001, 31-Dec-2001, 20011231, December 31, 2001, with or
-- without a time), or null. A year of two digits is 1930 to 2029. Years before 1000 are nobody's.
create or replace macro std_date(text) as (
    list_transform(
        [std_date_parts(text)],
        lambda parts: try_cast(
            case when regexp_matches(parts, '^[1-9][0-9]{3}-|^[0-9]{2}-')
            then
                case when parts[3] = '-' then case when parts[1] < '3' then '20' else '19' end else '' end
                || case
                    when regexp_matches(parts, '[a-z]') then regexp_replace(
                        parts,
                        '-[a-z]{3}-',
                        '-' || coalesce(
                            map_from_entries([
                                ('jan', '1'), ('feb', '2'), ('mar', '3'), ('apr', '4'), ('may', '5'), ('jun', '6'),
                                ('jul', '7'), ('aug', '8'), ('sep', '9'), ('oct', '10'), ('nov', '11'), ('dec', '12')
                            ])[regexp_extract(parts, '[a-z]{3}')],
                            '0'
                        ) || '-'
                    )
                    else parts
                end
            end as date
        )
    )[1]
);

-- std_date_is_placeholder: true for days that systems write where they know none: 1900-01-01, 1901-01-01, 9999-12-31.
create or replace macro std_date_is_placeholder(day) as (
    coalesce(
        day in (
            date '1111-11-11', date '1753-01-01', date '1800-01-01', date '1899-12-30', date '1899-12-31',
            date '1900-01-01', date '1901-01-01', date '2999-12-31'
        )
        or day >= date '9999-01-01',
        false
    )
);

-- std_birth_date: std_date, but null for placeholders and days after the run date; a year of two digits lies in the
-- past.
create or replace macro std_birth_date(text) as (
    list_transform(
        [std_date(text)],
        lambda day: case
            when std_date_is_placeholder(day) then null
            when day <= coalesce(run_date(), day) then day
            when regexp_matches(text, '^\s*[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}\s*$') then cast(day - interval 100 year as date)
        end
    )[1]
);

-- std_birth_key: a date of birth as eight digits, year first, for comparison; a day that no calendar has is kept (a slip
-- of the pen still tells people apart), placeholders and days after the run date are not.
create or replace macro std_birth_key(text) as (
    coalesce(
        replace(cast(std_birth_date(text) as varchar), '-', ''),
        case
            when std_date(text) is null
                then std_nonempty(
                    regexp_extract(
                        regexp_replace(trim(text), '^([0-9]{2})[-/.]([0-9]{2})[-/.]([0-9]{4})$', '\3\1\2'),
                        '^(?:1[0-9]|20)[0-9]{6}$'
                    )
                )
        end
    )
);
