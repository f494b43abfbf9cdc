-- std_nonempty: a text, or null where it is empty. DuckDB copies an argument's whole expression for each time a macro
-- names it, and nullif() names it twice; so macros that are built upon name their arguments once, if need be by a list
-- of one.
create or replace macro std_nonempty(text) as (
    list_filter([text], lambda given: given <> '')[1]
);

-- std_invisible: the characters that show nothing and part no words: zero-width blanks and joiners, soft hyphen, marks of
-- the writing direction.
create or replace macro std_invisible() as (
    chr(8203) || chr(8204) || chr(8205) || chr(8288) || chr(65279) || chr(173) || chr(8206) || chr(8207)
);

-- std_latin: small text with accents folded to plain Latin letters; apostrophes and invisible characters are taken out.
create or replace macro std_latin(text) as (
    replace(
        replace(
            replace(
                replace(
                    strip_accents(translate(text, 'øłđðıħŧ''’‘`´ʼʻ′' || std_invisible(), 'olddiht')),
                    'ß', 'ss'
                ),
                'æ', 'ae'
            ),
            'œ', 'oe'
        ),
        'þ', 'th'
    )
);

-- std_fold: text for comparison: lower case, no accents, punctuation as blanks, blanks squeezed; null if nothing is
-- left. Letters of every script stay. The marks are listed, because RE2 takes long to make ready for a class like
-- \p{L}.
create or replace macro std_fold(text) as (
    std_nonempty(
        trim(
            regexp_replace(
                std_latin(lower(text)),
                '[\x00-/:-@\[-`{-\x{bf}×÷\x{2000}-\x{206f}\x{20a0}-\x{20cf}\x{2116}-\x{2bff}\x{3000}-\x{303f}'
                || '\x{fe10}-\x{fe6f}\x{ff01}-\x{ff0f}\x{1f000}-\x{1faff}]+',
                ' ', 'g'
            )
        )
    )
);

-- std_key: std_fold without any blank, for identifiers and units.
create or replace macro std_key(text) as (
    replace(std_fold(text), ' ', '')
);

-- std_blank: text as typed with outer blanks trimmed, inner ones squeezed, invisible characters out; null where blank.
create or replace macro std_blank(text) as (
    std_nonempty(
        trim(
            regexp_replace(
                translate(text, std_invisible(), ''),
                '[\s\x00-\x1f\x7f-\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+',
                ' ', 'g'
            )
        )
    )
);

-- std_is_placeholder: true for what people type where they know nothing: N/A, unknown, test, xxx, asdf, a lone dash.
-- Null and NaN count as machine marks only in their machine spelling: Null and Nan are names of people.
create or replace macro std_is_placeholder(text) as (
    trim(coalesce(text, '')) <> ''
    and (
        trim(text) in ('null', 'NULL', '(null)', '\N', 'nan', 'NaN', '#N/A', '#REF!', '#VALUE!')
        or regexp_full_match(
            coalesce(std_fold(text), ''),
            '|n ?a|none|nil|void|empty|missing|unknown|unk|unkn|unknwn|undefined|undisclosed|withheld|refused'
            || '|not (?:known|available|applicable|provided|given|specified|assigned|set|entered|sure|stated|recorded)'
            || '|no ?(?:first name|last name|name|email|e mail|mail|phone|address|data|value|entry|number|one)'
            || '|tbd|tba|tbc|to be (?:determined|advised|confirmed)|lnu|fnu|nln|nfn|ditto|same(?: as above)?'
            || '|see (?:notes?|above)'
            || '|test(?: ?test)*|test(?:er|ing)?(?: ?[0-9]+)?|test (?:user|customer|name|person|account|record|data'
            || '|address|order|company)'
            || '|testy mctest(?:face|erson)?|dummy(?: .*)?|fake(?: name)?|example|x{2,}(?: x+)*|(?:x )+x|z{3,}|a{3,}'
            || '|asdf[a-z]*|asd|asdasd|qwe|qwert[a-z]*|abcd?|abcdef|foo ?bar|lorem ipsum'
            || '|delete(?: me)?|deleted|removed|duplicate|do not (?:use|contact|ship)|anon|anonymous|anonymized'
            || '|redacted'
            || '|0+|9{4,}|123456?7?8?9?0?|first ?name(?: last ?name)?|first last|last ?name|full ?name|(?:customer'
            || '|your) name|nobody|someone'
        )
    )
);

-- std_proper_case: each word of a text with a capital first letter, words of `uppers` in capitals, words of `lowers` in
-- small letters unless they stand first (both as ' word word '); Mc and O' as people write them.
create or replace macro std_proper_case(text, uppers, lowers) as (
    array_to_string(
        list_transform(
            regexp_extract_all(lower(text), '[''’]s\b|[ -/:-@\[-`{-~‘’“”«»]+|[^ -/:-@\[-`{-~‘’“”«»]+'),
            lambda word, place: case
                when contains(uppers, ' ' || word || ' ') then upper(word)
                when place > 1 and contains(lowers, ' ' || word || ' ') then word
                when length(word) > 3 and word[1:2] = 'mc' then 'Mc' || upper(word[3]) || word[4:]
                else upper(word[1]) || word[2:]
            end
        ),
        ''
    )
);

-- std_has_one_case: true where all letters of a text are capitals or all are small, so that its case says nothing.
create or replace macro std_has_one_case(text) as (
    list_transform([text], lambda given: given = upper(given) or given = lower(given))[1]
);

-- std_spell_words: a folded text with each word that `spellings` (a map of word to spelling) holds written that way.
create or replace macro std_spell_words(text, spellings) as (
    array_to_string(list_transform(string_split(text, ' '), lambda word: coalesce(spellings[word], word)), ' ')
);

-- std_without_start: a text without words that it begins with; as it is where it does not, or where the words are null.
create or replace macro std_without_start(text, words) as (
    case when starts_with(text, words || ' ') then substr(text, length(words) + 2) else text end
);

-- std_without_end: a text without words that it ends with; as it is where it does not, or where the words are null.
create or replace macro std_without_end(text, words) as (
    case when ends_with(text, ' ' || words) then left(text, length(text) - length(words) - 1) else text end
);
