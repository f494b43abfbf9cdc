-- std_similarity: how alike two texts are, 0 to 1 (Jaro-Winkler); null where one is missing.
create or replace macro std_similarity(one, other) as (
    jaro_winkler_similarity(one, other)
);
