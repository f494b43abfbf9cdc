-- std_country: the ISO 3166 two-letter code of a country; the folded text in capitals where the country is not known.
create or replace macro std_country(text) as (
    coalesce(
        map_from_entries([
            ('usa', 'US'), ('u s', 'US'), ('u s a', 'US'), ('united states', 'US'),
            ('united states of america', 'US'), ('america', 'US'), ('estados unidos', 'US'), ('etats unis', 'US'),
            ('can', 'CA'), ('canada', 'CA'), ('mex', 'MX'), ('mexico', 'MX'), ('puerto rico', 'PR'), ('pri', 'PR'),
            ('uk', 'GB'), ('u k', 'GB'), ('gbr', 'GB'), ('united kingdom', 'GB'), ('great britain', 'GB'),
            ('england', 'GB'), ('scotland', 'GB'), ('wales', 'GB'), ('northern ireland', 'GB'),
            ('irl', 'IE'), ('ireland', 'IE'), ('eire', 'IE'), ('aus', 'AU'), ('australia', 'AU'), ('nzl', 'NZ'),
            ('new zealand', 'NZ'),
            ('deu', 'DE'), ('germany', 'DE'), ('deutschland', 'DE'), ('aut', 'AT'), ('austria', 'AT'),
            ('osterreich', 'AT'), ('che', 'CH'), ('switzerland', 'CH'), ('schweiz', 'CH'), ('suisse', 'CH'),
            ('fra', 'FR'), ('france', 'FR'), ('bel', 'BE'), ('belgium', 'BE'), ('nld', 'NL'), ('netherlands', 'NL'),
            ('the netherlands', 'NL'), ('holland', 'NL'), ('lux', 'LU'), ('luxembourg', 'LU'),
            ('esp', 'ES'), ('spain', 'ES'), ('espana', 'ES'), ('prt', 'PT'), ('portugal', 'PT'), ('ita', 'IT'),
            ('italy', 'IT'), ('italia', 'IT'), ('grc', 'GR'), ('greece', 'GR'),
            ('dnk', 'DK'), ('denmark', 'DK'), ('danmark', 'DK'), ('nor', 'NO'), ('norway', 'NO'), ('norge', 'NO'),
            ('swe', 'SE'), ('sweden', 'SE'), ('sverige', 'SE'), ('fin', 'FI'), ('finland', 'FI'), ('suomi', 'FI'),
            ('pol', 'PL'), ('poland', 'PL'), ('polska', 'PL'), ('cze', 'CZ'), ('czechia', 'CZ'),
            ('czech republic', 'CZ'), ('hun', 'HU'), ('hungary', 'HU'), ('rou', 'RO'), ('romania', 'RO'),
            ('ukr', 'UA'), ('ukraine', 'UA'),
            ('rus', 'RU'), ('russia', 'RU'), ('russian federation', 'RU'), ('tur', 'TR'), ('turkey', 'TR'),
            ('turkiye', 'TR'), ('isr', 'IL'), ('israel', 'IL'), ('sau', 'SA'), ('saudi arabia', 'SA'), ('are', 'AE'),
            ('united arab emirates', 'AE'), ('uae', 'AE'),
            ('ind', 'IN'), ('india', 'IN'), ('pak', 'PK'), ('pakistan', 'PK'), ('chn', 'CN'), ('china', 'CN'),
            ('hkg', 'HK'), ('hong kong', 'HK'), ('twn', 'TW'), ('taiwan', 'TW'), ('jpn', 'JP'), ('japan', 'JP'),
            ('kor', 'KR'), ('korea', 'KR'), ('south korea', 'KR'),
            ('sgp', 'SG'), ('singapore', 'SG'), ('mys', 'MY'), ('malaysia', 'MY'), ('phl', 'PH'),
            ('philippines', 'PH'), ('tha', 'TH'), ('thailand', 'TH'), ('vnm', 'VN'), ('vietnam', 'VN'),
            ('idn', 'ID'), ('indonesia', 'ID'),
            ('bra', 'BR'), ('brazil', 'BR'), ('brasil', 'BR'), ('arg', 'AR'), ('argentina', 'AR'), ('chl', 'CL'),
            ('chile', 'CL'), ('col', 'CO'), ('colombia', 'CO'), ('per', 'PE'), ('peru', 'PE'), ('ven', 'VE'),
            ('venezuela', 'VE'),
            ('zaf', 'ZA'), ('south africa', 'ZA'), ('egy', 'EG'), ('egypt', 'EG'), ('nga', 'NG'), ('nigeria', 'NG'),
            ('ken', 'KE'), ('kenya', 'KE'), ('mar', 'MA'), ('morocco', 'MA')
        ])[std_fold(text)],
        upper(std_fold(text))
    )
);

-- std_state: the USPS code of a US state, territory or military region from its code, name or old abbreviation; any
-- other region as folded text in capitals (NSW, ONTARIO).
create or replace macro std_state(text) as (
    coalesce(
        map_from_entries([
            ('alabama', 'AL'), ('ala', 'AL'), ('alaska', 'AK'), ('arizona', 'AZ'), ('ariz', 'AZ'),
            ('arkansas', 'AR'), ('ark', 'AR'), ('california', 'CA'), ('calif', 'CA'), ('cal', 'CA'),
            ('colorado', 'CO'), ('colo', 'CO'), ('connecticut', 'CT'), ('conn', 'CT'), ('delaware', 'DE'),
            ('del', 'DE'), ('district of columbia', 'DC'), ('d c', 'DC'), ('washington dc', 'DC'),
            ('washington d c', 'DC'),
            ('florida', 'FL'), ('fla', 'FL'), ('georgia', 'GA'), ('hawaii', 'HI'), ('hawai i', 'HI'),
            ('idaho', 'ID'), ('illinois', 'IL'), ('ill', 'IL'), ('indiana', 'IN'), ('ind', 'IN'), ('iowa', 'IA'),
            ('kansas', 'KS'), ('kans', 'KS'), ('kentucky', 'KY'), ('louisiana', 'LA'), ('maine', 'ME'),
            ('maryland', 'MD'), ('massachusetts', 'MA'), ('mass', 'MA'), ('michigan', 'MI'), ('mich', 'MI'),
            ('minnesota', 'MN'), ('minn', 'MN'), ('mississippi', 'MS'), ('miss', 'MS'), ('missouri', 'MO'),
            ('montana', 'MT'), ('mont', 'MT'), ('nebraska', 'NE'), ('nebr', 'NE'), ('nevada', 'NV'), ('nev', 'NV'),
            ('new hampshire', 'NH'), ('n h', 'NH'), ('new jersey', 'NJ'), ('n j', 'NJ'), ('new mexico', 'NM'),
            ('n m', 'NM'), ('n mex', 'NM'), ('new york', 'NY'), ('n y', 'NY'),
            ('north carolina', 'NC'), ('n c', 'NC'), ('n carolina', 'NC'), ('north dakota', 'ND'), ('n d', 'ND'),
            ('n dakota', 'ND'), ('ohio', 'OH'), ('oklahoma', 'OK'), ('okla', 'OK'), ('oregon', 'OR'), ('ore', 'OR'),
            ('pennsylvania', 'PA'), ('penna', 'PA'), ('penn', 'PA'), ('rhode island', 'RI'), ('r i', 'RI'),
            ('south carolina', 'SC'), ('s c', 'SC'), ('s carolina', 'SC'), ('south dakota', 'SD'), ('s d', 'SD'),
            ('s dakota', 'SD'),
            ('tennessee', 'TN'), ('tenn', 'TN'), ('texas', 'TX'), ('tex', 'TX'), ('utah', 'UT'), ('vermont', 'VT'),
            ('virginia', 'VA'), ('washington', 'WA'), ('wash', 'WA'), ('washington state', 'WA'),
            ('west virginia', 'WV'), ('w va', 'WV'), ('w virginia', 'WV'), ('wisconsin', 'WI'), ('wis', 'WI'),
            ('wisc', 'WI'), ('wyoming', 'WY'), ('wyo', 'WY'),
            ('puerto rico', 'PR'), ('guam', 'GU'), ('virgin islands', 'VI'), ('us virgin islands', 'VI'),
            ('american samoa', 'AS'), ('northern mariana islands', 'MP')
        ])[std_fold(text)],
        upper(std_fold(text))
    )
);

-- std_state_is_us: true where std_state finds a US state, territory or military region.
create or replace macro std_state_is_us(text) as (
    coalesce(
        std_state(text) in (
            'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'DC', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS',
            'KY', 'LA', 'ME', 'MD', 'MA', 'MI', 'MN', 'MS', 'MO',
            'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY', 'NC', 'ND', 'OH', 'OK', 'OR', 'PA', 'RI', 'SC', 'SD', 'TN',
            'TX', 'UT', 'VT', 'VA', 'WA', 'WV', 'WI', 'WY',
            'PR', 'GU', 'VI', 'AS', 'MP', 'AA', 'AE', 'AP'
        ),
        false
    )
);

-- std_postal_code: a postal code in its country's written form (US: 02134 or 02134-1234, lost leading zeros put back);
-- text that has not that form is kept in capitals, because it may still tell two places apart.
create or replace macro std_postal_code(text, country) as (
    list_transform(
        [{'code': regexp_replace(upper(std_blank(text)), '\.0$|^ZIP ?', '', 'g'), 'country': coalesce(std_country(country), 'US')}],
        lambda given: case
            when given.country in ('US', 'PR') and regexp_full_match(given.code, '[0-9]{5}')
                then given.code
            when given.country in ('US', 'PR') and regexp_full_match(given.code, '[0-9]{3,5} ?(?:[-. ] ?(?:[0-9]{4})?)?')
                then lpad(regexp_extract(given.code, '^[0-9]+'), 5, '0')
                    || case when regexp_matches(given.code, '[^0-9][0-9]{4}$') then '-' || right(given.code, 4) else '' end
            when given.country in ('US', 'PR') and regexp_full_match(given.code, '[0-9]{9}')
                then given.code[1:5] || '-' || given.code[6:9]
            when regexp_full_match(given.code, '[A-Z][0-9][A-Z][- ]?[0-9][A-Z][0-9]') and given.country in ('CA', 'US')
                then given.code[1:3] || ' ' || right(given.code, 3)
            when given.country = 'GB' and regexp_full_match(given.code, '[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}')
                then replace(given.code, ' ', '')[1:-4] || ' ' || right(given.code, 3)
            else std_nonempty(given.code)
        end
    )[1]
);

-- std_postal_code_is_valid: true for a code of the country's form that its post could have issued (US: 00501 to 99950).
create or replace macro std_postal_code_is_valid(text, country) as (
    list_transform(
        [{'code': std_postal_code(text, country), 'country': coalesce(std_country(country), 'US')}],
        lambda given: case given.country
            when 'US' then regexp_full_match(given.code, '[0-9]{5}(?:-[0-9]{4})?') and given.code[1:5] between '00501' and '99950'
            when 'CA' then regexp_full_match(given.code, '[ABCEGHJ-NPRSTVXY][0-9][A-Z] [0-9][A-Z][0-9]')
            when 'GB' then regexp_full_match(given.code, '[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}')
            else given.code is not null
        end
    )[1]
);

-- std_city: a town's name for comparison: Saint, Mount and Fort short, the words of a compass written out short.
create or replace macro std_city(text) as (
    array_to_string(
        list_transform(
            string_split(std_fold(text), ' '),
            lambda word: coalesce(
                map_from_entries([
                    ('saint', 'st'), ('sainte', 'ste'), ('mount', 'mt'), ('mountain', 'mtn'), ('fort', 'ft'),
                    ('port', 'prt'), ('point', 'pt'), ('township', 'twp'),
                    ('north', 'n'), ('south', 's'), ('east', 'e'), ('west', 'w'), ('heights', 'hts'),
                    ('height', 'hts'), ('springs', 'spgs'), ('spring', 'spg'),
                    ('beach', 'bch'), ('junction', 'jct'), ('village', 'vlg'), ('park', 'pk'), ('center', 'ctr'),
                    ('centre', 'ctr'), ('lake', 'lk'), ('falls', 'fls'), ('city', 'cty')
                ])[word],
                word
            )
        ),
        ' '
    )
);

-- std_street_line: an address line for rough comparison in any country: folded, without the unit at either end, without
-- the side streets that say where along the street it is.
create or replace macro std_street_line(line) as (
    std_nonempty(
        trim(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        std_fold(replace(line, '#', ' apt ')), '([a-z0-9]) (?:between|betw|btwn|bet|near|off|at|opp|opposite|corner of|cnr) .*$', '\1'
                    ),
                    '^(?:(?:unit|flat|apt|apartment|suite|ste|shop|room|rm|level|lot) (?:no |number )?[0-9]+[a-z]? )+(\S)',
                    '\1'
                ),
                '(\S) (?:unit|apt|apartment|suite|ste|room|rm|bldg|floor|fl|trlr|lot)(?: (?:apt|unit|no))* [0-9a-z]{1,5}$',
                '\1'
            )
        )
    )
);

-- std_house_number: the first number in std_street_line, with its letter; null where there is none.
create or replace macro std_house_number(line) as (
    std_nonempty(ltrim(regexp_extract(line, '(?:^| )([0-9]+[a-z]?)(?: |$)', 1), '0'))
);

-- std_street_words: the words of std_street_line that name the street: no house number, none of `ways` (a list of the
-- words for kinds of way and for directions) unless nothing else is left.
create or replace macro std_street_words(line, ways) as (
    list_transform(
        [std_nonempty(trim(regexp_replace(line, '^(?:[0-9]+[a-z]? )+|(?:^| )[0-9]+[a-z]?$', ' ')))],
        lambda words: coalesce(
            std_nonempty(
                array_to_string(list_filter(string_split(words, ' '), lambda word: not list_contains(ways, word)), ' ')
            ),
            words
        )
    )[1]
);

-- std_unit: the flat, suite or room that either address line names, or null.
create or replace macro std_unit(line1, line2) as (
    std_nonempty(
        ltrim(
            regexp_extract(
                std_fold(replace(concat_ws(' , ', line1, line2), '#', ' apt ')),
                '(?:^| )(?:unit|flat|apt|apartment|aprt|suite|ste|room|rm|shop|trlr|lot)(?: (?:apt|unit|no))* ([0-9]+[a-z]?|[a-z][0-9]*)(?: |$)',
                1
            ),
            '0'
        )
    )
);
