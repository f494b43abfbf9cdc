-- std_similarity: how alike two texts are, 0 to 1 (Jaro-Winkler); null where one is missing.
create or replace macro std_similarity(one, other) as (
    jaro_winkler_similarity(one, other)
);

-- std_edits_at_most: whether so few edits (a letter more, fewer or other, two neighbours swapped) make two texts one.
-- The distance takes ten to fifty times as long as the similarity, which such texts cannot fall short of: of n letters
-- all but the edited match, and at worst all of those in another order. In short texts matches may be too far apart.
create or replace macro std_edits_at_most(one, other, edits) as (
    case
        when abs(strlen(one) - strlen(other)) > edits then false
        when greatest(strlen(one), strlen(other)) >= 4 * edits
            and jaro_winkler_similarity(one, other)
                < (2.5 - 2.0 * edits / greatest(strlen(one), strlen(other))) / 3 - 0.001
            then false
        else damerau_levenshtein(one, other) <= edits
    end
);

-- std_one_edit: whether at most one edit makes two texts one; null where one is missing.
create or replace macro std_one_edit(one, other) as (
    std_edits_at_most(one, other, 1)
);

-- std_two_edits: whether at most two edits make two texts one; null where one is missing.
create or replace macro std_two_edits(one, other) as (
    std_edits_at_most(one, other, 2)
);
