-- std_organization_words: an organization's name folded, initials joined (A.B.C. as abc, L.L.C. as llc), & as and,
-- without 'dba ...'.
create or replace macro std_organization_words(text) as (
    std_fold(
        regexp_replace(
            regexp_replace(
                regexp_replace(replace(lower(text), '&', ' and '), '\s+(?:d\s*/\s*b\s*/\s*a|dba)\s.*$', ''),
                '\bco\.', 'company ', 'g'
            ),
            '\b([a-z])\.', '\1', 'g'
        )
    )
);

-- std_legal_forms: the legal forms that no person's name holds, as a pattern.
create or replace macro std_legal_forms() as (
    'inc|incorporated|llc|l l c|ltd|limited|corp|corporation|plc|llp|pllc|gmbh|sarl|srl|pty|oyj|aps'
);

-- std_organization: an organization's name for comparison: folded, without legal form, leading 'the' and 'and',
-- initials joined.
create or replace macro std_organization(text) as (
    coalesce(
        std_nonempty(
            trim(
                regexp_replace(
                    regexp_replace(
                        trim(regexp_replace(std_organization_words(text), '\band\b ?', '', 'g')), '^(?:the )+', ''
                    ),
                    '(?: (?:' || std_legal_forms() || '|company|co|l l p|lp|l p|pc|p c|ag|kg|bv|nv|sa|s a|sas'
                    || '|s r l|spa|s p a|sl|s l|de cv|de c v|de rl|pvt|oy|ab|asa|kk|kft|ltda|usa|na|n a))+$',
                    ''
                )
            )
        ),
        std_organization_words(text)
    )
);

-- std_is_organization: true where a name states a legal form or a word that only organizations bear (University,
-- Plumbing, & Sons, City of); false for every other name, null for none. Words that are surnames too (Flowers, Church,
-- Co) do not count where they stand alone.
create or replace macro std_is_organization(text) as (
    regexp_matches(
        std_organization_words(text),
        '\b(?:' || std_legal_forms() || '|sa de cv|company|companies|dba)\b'
        || '| and co$|. \S+ co$|. (?:lp|pc|ag|bv|nv|kg)$'
        || '|\b(?:university|college|academy|institute|institution|laborator(?:y|ies)|labs|hospital|clinic|clinics'
        || '|pharmacy|dental|dentistry|medical|healthcare|veterinary'
        || '|orthopedics|pediatrics|chiropractic|associates|association|assoc|assn|society|federation|foundation'
        || '|council|commission|committee|ministry|ministries|department|dept'
        || '|bureau|agency|authority|enterprises?|holdings?|industries|international|intl|partners|partnership'
        || '|ventures|capital|consulting|consultants|consultancy|solutions'
        || '|services|systems|technologies|technology|software|networks|logistics|trucking|freight|transport'
        || '|transportation|construction|contractors|contracting|builders|roofing'
        || '|plumbing|heating|electric|electrical|hvac|landscaping|paving|flooring|cabinets|carpentry|welding'
        || '|machining|fabrication|manufacturing|mfg|engineering|architects|designs'
        || '|realty|property|properties|management|mgmt|apartments|rentals|insurance|brokerage|investments|financial'
        || '|motors|automotive|auto|tires?|cycles?|bikes?|bicycles?|sports|sporting|fitness|gym'
        || '|restaurant|cafe|coffee (?:shop|house|company|roasters?)|pizza|pizzeria|bar and grill|bakery|catering'
        || '|foods|brewery|brewing|winery|hotel|motel|inn|suites|resort|salon|boutique|jewelers|florist'
        || '|hardware|supply|supplies|wholesale|distributors?|distribution|distributing|outlet|store|stores|shop'
        || '|shops|shoppe|mart|market|markets|supermarket|grocery|depot|warehouse'
        || '|warehousing|equipment|tools|parts|electronics|furniture|interiors|bookstore|publishing|studios?'
        || '|productions|entertainment|theat(?:er|re)'
        || '|museum|library|schools?|church of|temple of|synagogue|congregation|charities|charity|bancorp'
        || '|credit union|trust|fund|club|league|airlines|airways|energy|petroleum'
        || '|farms|ranch|nursery|kennels|bros|brothers|and sons?|and daughters?|and associates|and partners'
        || '|and company)\b'
        || '|^(?:city|town|village|county|state|university|school|bank|church|house|friends) of '
        || '|. (?:bank|group|county|district|office|team|center|centre)$|. \S+ (?:church|temple)$'
    )
);

-- std_shared_weight: how much of the weight of two names' words they have in common, 0 to 1 (weighted Jaccard); both as
-- a list of words and a map of word to weight.
create or replace macro std_shared_weight(words, others, weights, other_weights) as (
    coalesce(list_sum(list_transform(list_intersect(words, others), lambda word: weights[word])), 0)
    / (
        list_sum(map_values(weights)) + list_sum(map_values(other_weights))
        - coalesce(list_sum(list_transform(list_intersect(words, others), lambda word: weights[word])), 0)
    )
);

-- std_initials: the first letters of a folded name's words, of three words or more; else null.
create or replace macro std_initials(text) as (
    std_nonempty(
        case
            when length(text) - length(replace(text, ' ', '')) >= 2
                then array_to_string(list_transform(string_split(text, ' '), lambda word: word[1]), '')
        end
    )
);
