-- One row is one reason for which a master may be the one that was asked for, with how well it fits.
-- What shares most keys is looked at first; of each word that was asked for, the nearest of the found words counts, in
-- the measure of its length, and a word that is like none counts nothing.
with exact as (
    select
        kind,
        master_id,
        shown,
        weight as score
    from lookup.hits
    where compared is null
        or asked is null
),
met as (
    select
        master_id,
        asked,
        compared,
        min(shown) as shown,
        max(beside) as beside,
        max(weight) as weight,
        min(kind_no) as kind_no,
        count(*) as keys
    from lookup.hits
    where compared is not null
        and asked is not null
    group by
        master_id,
        asked,
        compared
),
shortlist as (
    select
        master_id,
        shown,
        asked,
        compared,
        beside,
        weight,
        kind_no
    from met
    order by
        keys desc,
        std_similarity(asked, compared) desc,
        master_id,
        compared,
        asked
    limit 1500
),
asked_words as (
    select
        asked,
        unnest(string_split(asked, ' ')) as asked_word
    from (
        select distinct asked
        from shortlist
    ) as texts
),
own_words as (
    select
        master_id,
        shown,
        asked,
        compared,
        unnest(string_split(concat_ws(' ', compared, beside), ' ')) as own_word
    from shortlist
),
likest as (
    select
        own_words.master_id,
        own_words.shown,
        own_words.compared,
        own_words.asked,
        asked_words.asked_word,
        max(std_similarity(asked_words.asked_word, own_words.own_word)) as likeness
    from own_words
    join asked_words
        on asked_words.asked = own_words.asked
    group by
        own_words.master_id,
        own_words.shown,
        own_words.compared,
        own_words.asked,
        asked_words.asked_word
),
fitted as (
    select
        master_id,
        shown,
        compared,
        asked,
        sum(case when likeness >= 0.75 then likeness * length(asked_word) else 0 end) / sum(length(asked_word)) as fit
    from likest
    group by
        master_id,
        shown,
        compared,
        asked
),
fuzzy as (
    select
        kinds.kind,
        shortlist.master_id,
        shortlist.shown,
        max(round(shortlist.weight * fitted.fit, 4)) as score
    from shortlist
    join fitted
        on fitted.master_id = shortlist.master_id
        and fitted.shown = shortlist.shown
        and fitted.compared = shortlist.compared
        and fitted.asked = shortlist.asked
    join lookup.kinds
        on kinds.kind_no = shortlist.kind_no
    group by
        kinds.kind,
        shortlist.master_id,
        shortlist.shown
),
reasons as (
    select
        kind,
        master_id,
        shown,
        true as is_exact,
        score
    from exact
    union
    select
        kind,
        master_id,
        shown,
        false as is_exact,
        score
    from fuzzy
)
select
    reasons.kind, -- by which kind of key
    reasons.master_id, -- whom
    reasons.shown, -- what was found
    reasons.is_exact, -- whether the key alone decides
    reasons.score, -- how well it fits, 0 to 1
    coalesce(std_similarity(std_fold(asked.text), std_fold(reasons.shown)), 0) as alike -- how alike the texts are, to tell equal scores apart
from reasons
cross join lookup.asked
