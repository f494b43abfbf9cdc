-- std_person_marked: a person's full name made ready to be split: nicknames in quotes or brackets, credentials, titles,
-- the second of two people and dots taken out; 'LAST, FIRST M' keeps its comma.
create or replace macro std_person_marked(name) as (
    trim(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        trim(
                            regexp_replace(
                                regexp_replace(
                                    regexp_replace(
                                        regexp_replace(
                                            ' ' || name,
                                            '\s*(?:"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|\([^()]*\)|\[[^\[\]]*\]'
                                            || '|\s[''‘][^''’]+[''’](?:\s|,|$))\s*', ' ', 'g'
                                        ),
                                        '(?i)(?:[,\s]+(?:ph\.?\s?d|m\.?\s?d|d\.?d\.?s|d\.?v\.?m|d\.?m\.?d|c\.?p\.?a'
                                        || '|r\.?n|l\.?p\.?n|m\.?b\.?a|ed\.?d|psy\.?d|j\.d|d\.o|esq|esquire'
                                        || '|ret|retired|deceased)\b\.?)+(\s*,|\s*$)', '\1', 'g'
                                    ),
                                    '(?i),\s*(?:jd|do|od|pa|pa-c|ma|m\.a|ms|m\.s|ba|b\.a|bs|b\.s|pe|p\.e|np|pt|dc'
                                    || '|d\.c|msw|lcsw|crna|facs|faap|cfp|cfa|pmp)\.?(\s*,|\s*$)', '\1', 'g'
                                ),
                                '[.\s]+', ' ', 'g'
                            )
                        ),
                        '(?i)(^|,\s*)(?:(?:mr|mister|mrs|ms|mx|miss|master|madam|mme|mlle|dr|doctor|prof|professor'
                        || '|rev|reverend|fr|hon|honorable|sir|dame|capt|captain|lt|cpl|sgt'
                        || '|maj|col|gen|cmdr|sr|sra|srta|señor|señora|señorita|dna|dott|herr|frau|ing'
                        || '|lic)\s+(?:(?:and|&|y)\s+)?)+', '\1'
                    ),
                    '(?i)[,\s]+(?:mr|mrs|ms|miss|dr)$', ''
                ),
                '(?i)^([^\s,]+)\s+(?:&|and)\s+[^\s,]+\s+([^,]+)$', '\1 \2'
            ),
            '(?i)\s+(?:&|and)\s.*$', ''
        ),
        ' ,;'
    )
);

-- std_person_text: std_person_marked, which is costly, only for a name that has marks, titles or credentials.
create or replace macro std_person_text(text) as (
    list_transform(
        [std_blank(text)],
        lambda name: case
            when regexp_matches(
                name,
                '[!-,./-@\[-`{-~“”„«‘’]|^(?i:m[a-z]{1,5}|dr|doctor|prof|professor|rev|reverend|fr|hon|honorable|sir'
                || '|dame|capt|captain|lt|cpl|sgt|col|gen|cmdr|sr|sra|srta'
                || '|señor|señora|señorita|dna|dott|herr|frau|ing|lic) | (?i:and) | (?i:ph ?d|m ?d|dds|dvm|dmd|cpa'
                || '|rn|lpn|mba|edd|psyd|esq|esquire|ret|retired|deceased|mrs?|ms|miss|dr)$'
            )
                then std_person_marked(name)
            else name
        end
    )[1]
);

-- std_person_suffix: the generation suffix of a full name (Jr, Sr, II, III, IV, V) or null.
create or replace macro std_person_suffix(text) as (
    map_from_entries([
        ('jr', 'Jr'), ('jnr', 'Jr'), ('junior', 'Jr'), ('sr', 'Sr'), ('snr', 'Sr'), ('senior', 'Sr'),
        ('ii', 'II'), ('2nd', 'II'), ('iii', 'III'), ('3rd', 'III'), ('iv', 'IV'), ('4th', 'IV'), ('v', 'V')
    ])[
        regexp_extract(
            regexp_extract(
                lower(std_person_text(text)), '[^\s,][\s,]+(?:jr|jnr|sr|snr|ii|iii|iv|2nd|3rd|4th)(?:\s*,|$)|,\s*(?:junior|senior|v)$|\S \S.* v$'
            ),
            '([a-z0-9]+)[\s,]*$',
            1
        )
    ]
);

-- std_person_core: a full name without title, credential, nickname or suffix: 'First Middle Last' or 'Last, First
-- Middle'.
create or replace macro std_person_core(text) as (
    trim(
        regexp_replace(
            regexp_replace(
                std_person_text(text), '(?i)([^\s,])[\s,]+(?:jr|jnr|sr|snr|ii|iii|iv|2nd|3rd|4th)\s*(,|$)', '\1\2', 'g'
            ),
            '(?i)(?:,\s*(?:junior|senior|v)|(\S \S.*) v)$', '\1'
        ),
        ' ,;'
    )
);

-- std_spanish_surnames: the commonest Spanish surnames and all in -ez, as a pattern; first names that are also surnames
-- are left out.
create or replace macro std_spanish_surnames() as (
    '\S+[eé]z|acosta|aguilar|aguirre|alvarado|arroyo|[aá]vila|ayala|barrera|bautista|blanco|cabrera|calder[oó]n'
    || '|camacho|campos'
    || '|c[aá]rdenas|carrillo|castillo|castro|cervantes|contreras|cort[eé]s|delgado|d[ií]az|dur[aá]n|escobar'
    || '|espinosa|espinoza'
    || '|estrada|figueroa|flores|franco|fuentes|gallegos|garc[ií]a|garza|guerrero|guzm[aá]n|herrera|ibarra|lara'
    || '|lozano|luna'
    || '|mac[ií]as|maldonado|medina|mej[ií]a|mendoza|miranda|molina|montoya|mora|morales|moreno|mu[nñ]oz|nava'
    || '|navarro|ochoa'
    || '|ortega|ortiz|pacheco|padilla|palacios|pe[nñ]a|quintero|reyes|r[ií]os|rivera|robles|rojas|romero|rosales'
    || '|ruiz|salazar'
    || '|salinas|sandoval|santos|serrano|silva|soto|torres|trujillo|valencia|vargas|vega|velasco|villanueva'
    || '|villarreal|villegas'
    || '|zamora|zavala'
);

-- std_surname_particles: the words that begin a surname of several words, as a pattern.
create or replace macro std_surname_particles() as (
    'd[aeiou]|del|della|das|dos|van|von|zu|den|der|te[rn]|l[aeo]s?|el|al|bint?|ibn|abu|st|saint|sant?a?|mc|o''|d'''
);

-- std_person_surname: the surname or surnames in std_person_core: before the comma; else from the first particle (de
-- la, van, bin, St); else two joined by y; else two Spanish surnames; else the last word. One word alone is a surname.
create or replace macro std_person_surname(core) as (
    list_transform(
        [
            {
                'core': core,
                'alone': regexp_extract(core, '(?i)^(?:de la|de las|de los|van der|van den|von der|von|de|del) \S+$'),
                'particled': regexp_extract(
                    -- Del Carmen and its kind belong to the first name, not to the surname.
                    regexp_replace(
                        core,
                        '(?i)^(\S+) (?:del carmen|de los [aá]ngeles|de jes[uú]s|del pilar|del rosario|de la luz'
                        || '|del mar|de lourdes|de f[aá]tima|de guadalupe) (\S)',
                        '\1 \2'
                    ),
                    '(?i)^\S+(?: .+?)?? ((?:(?:' || std_surname_particles() || ') )+\S.*|\S+ y \S+)$',
                    1
                ),
                'spanish': regexp_extract(core, '(?i) ((?:' || std_spanish_surnames() || ') (?:' || std_spanish_surnames() || '))$', 1),
                'last': regexp_extract(core, '\S+$')
            }
        ],
        lambda name: case
            when contains(name.core, ',') then std_nonempty(trim(split_part(name.core, ',', 1)))
            when name.alone <> '' then name.alone
            when name.particled <> '' then name.particled
            when name.spanish <> '' then name.spanish
            when name.last <> '' then name.last
        end
    )[1]
);

-- std_person_given: the given names in std_person_core: after the comma, or before the surname.
create or replace macro std_person_given(core) as (
    list_transform(
        [{'whole': core, 'surname': std_person_surname(core)}],
        lambda name: std_nonempty(
            trim(
                case
                    when contains(name.whole, ',')
                        then replace(replace(replace(substr(name.whole, strpos(name.whole, ',') + 1), ',', ' '), '  ', ' '), '  ', ' ')
                    else left(name.whole, length(name.whole) - length(name.surname))
                end
            )
        )
    )[1]
);

-- std_person_last: the surname or surnames of a full name as typed; null where there is none.
create or replace macro std_person_last(text) as (
    std_person_surname(std_person_core(text))
);

-- std_person_first: the first given name of a full name as typed; null where only one word is left.
create or replace macro std_person_first(text) as (
    split_part(std_person_given(std_person_core(text)), ' ', 1)
);

-- std_person_middle: the given names and initials of a full name after the first, as typed; null where there are none.
create or replace macro std_person_middle(text) as (
    std_nonempty(regexp_replace(std_person_given(std_person_core(text)), '^\S+ ?', ''))
);

-- std_person_prefix: the title before a full name (Mr, Mrs, Ms, Miss, Dr, Prof, Rev, Sra ...), proper case without dot;
-- or null.
create or replace macro std_person_prefix(text) as (
    list_transform(
        [lower(regexp_extract(std_blank(text), '(?i)(?:^|,\s*)(mr|mister|mrs|ms|mx|miss|dr|doctor|prof|professor|rev|reverend|hon|sir|dame|capt|lt|sgt|sr|sra|srta)[.\s]', 1))],
        lambda title: case
            when title = 'mister' then 'Mr'
            when title = 'doctor' then 'Dr'
            when title = 'professor' then 'Prof'
            when title = 'reverend' then 'Rev'
            when title <> '' then upper(title[1]) || title[2:]
        end
    )[1]
);

-- std_person_nickname: the name in quotes or brackets within a full name ('William "Bill" Smith' -> Bill), or null.
create or replace macro std_person_nickname(text) as (
    std_nonempty(
        trim(
            regexp_extract(
                regexp_extract(' ' || text || ' ', '"[^"]+"|“[^”]+”|\([^()]+\)|\s[''‘][^''’]+[''’]\s'), '[A-Za-z\x{c0}-\x{17f}\x{370}-\x{1fff}\x{2e80}-\x{ffff}][A-Za-z\x{c0}-\x{1fff}\x{2e80}-\x{ffff}''’ -]*'
            ),
            ' ''’'
        )
    )
);

-- std_display_name: a person's name for reading: ALL CAPS and all small names in proper case (McDonald, O'Brien, de la
-- Cruz, III); mixed case is left as it is.
create or replace macro std_display_name(text) as (
    list_transform(
        [std_blank(text)],
        lambda name: case
            when std_has_one_case(name)
                then std_proper_case(name, ' ii iii iv ', ' de del la las los da das dos do di van von der den ter bin ibn bint y al el ')
            else name
        end
    )[1]
);

-- std_display_surname: a surname for reading as it stands after a first name: VAN DER BERG is van der Berg.
create or replace macro std_display_surname(text) as (
    list_transform(
        [std_blank(text)],
        lambda name: substr(std_display_name(case when name = upper(name) then 'X ' else 'x ' end || name), 3)
    )[1]
);

-- std_display_organization: an organization's name for reading, as std_display_name, with LLC and its kind in capitals.
create or replace macro std_display_organization(text) as (
    list_transform(
        [std_blank(text)],
        lambda name: case
            when std_has_one_case(name)
                then std_proper_case(
                    name, ' llc llp lp plc pllc usa us ii iii iv hvac gmbh ag sa bv nv pc dba ', ' of and the for at in on de del la y '
                )
            else name
        end
    )[1]
);

-- std_surname: surnames for comparison: folded, each surname one word, particles and Mc, O', St joined to theirs ('Van
-- der Berg' -> 'vanderberg', 'García-López' -> 'garcia lopez', 'Mc Donald' -> 'mcdonald').
create or replace macro std_surname(text) as (
    regexp_replace(
        replace(std_fold(text), ' y ', ' '), '\b(' || std_surname_particles() || '|mac|o|d) ', '\1', 'g'
    )
);

-- std_given: a given name for comparison: folded, its first word.
create or replace macro std_given(text) as (
    split_part(std_fold(text), ' ', 1)
);

-- std_is_role: true for words that say what a person is in a household or a form, where a name should stand.
create or replace macro std_is_role(text) as (
    coalesce(
        regexp_full_match(
            std_fold(text),
            '(?:(?:the|my|his|her|male|female|adult|minor|young) )*(?:child|children|grandchild|stepchild|baby|baby ?(?:boy|girl)|infant|newborn|toddler|minor'
            || '|kid|boy|girl|son|daughter|grandson|granddaughter|stepson|stepdaughter|brother|sister|mother|father|mom|dad|mum|parent|guardian|grandmother'
            || '|grandfather|grandma|grandpa|nephew|niece|cousin|aunt|uncle|wife|husband|spouse|partner|roommate|housemate|boarder|lodger|tenant'
            || '|resident|occupant|respondent|householder|homeowner|owner|head|relative|male|female|man|woman|lady|ladies|gentle(?:man|men)?|person ?[0-9]*'
            || '|adult|student|patient|applicant|member|self|friend|guest|visitor|mr|mrs|ms|mx|miss|mister|madam)(?: of(?: the)?)?(?: (?:home|house|household|family))?'
            || '|of the (?:home|house|household|family)'
        ),
        false
    )
);

-- std_titles: the words of rank and honor that stand before or behind a name and are no name, as a pattern.
create or replace macro std_titles() as (
    'mr|mrs|ms|miss|mx|dr|prof|professor|rev|revd|reverend|sir|dame|lord|lady|hon|honou?rable|right hon(?:ou?rable)?|baron|baronet|baroness|bart|bt|bnt'
    || '|earl|viscount|marquess|marquis|duke|duchess|count|countess|captain|capt|colonel|col|lieutenant|lt|brigadier|brig|sergeant|sgt|commander|cmdr|admiral'
    || '|(?:major|lieutenant|lt|brigadier|field) (?:general|marshal|colonel|col|gen)|archbishop|archdeacon|canon|obe|mbe|cbe|kbe|kcb|gcb|cb|vc|frs|esq|esquire|[0-9]+(?:st|nd|rd|th)'
);

-- std_is_title: true for a text of nothing but titles (Sir, Rev., 1st Baronet).
create or replace macro std_is_title(text) as (
    coalesce(regexp_full_match(std_fold(text), '(?:' || std_titles() || ')(?: (?:' || std_titles() || '))*'), false)
);

-- std_without_titles: a full name without ranks before and behind it: 'Sir John Smith, 1st Baronet' as 'John Smith'; as
-- it is where nothing else is left.
create or replace macro std_without_titles(text) as (
    list_transform(
        [
            std_nonempty(
                trim(
                    regexp_replace(
                        regexp_replace(
                            text, '(?i)[ ,]+(?:[0-9]+(?:st|nd|rd|th) (?:earl|baron|baronet|baroness|viscount|marquess|marquis|duke|bt|bart)\b.*|baronet|bart|bt|obe|mbe|cbe|kbe|frs)\.?$', ''
                        ),
                        '(?i)^(?:(?:sir|dame|lord|lady|baron|baroness|viscount|captain|capt|colonel|lieutenant|reverend|rev|revd|admiral|archbishop|(?:lieutenant|major) general)\.? +)+', ''
                    ),
                    ' ,'
                )
            )
        ],
        lambda name: coalesce(name, text)
    )[1]
);
