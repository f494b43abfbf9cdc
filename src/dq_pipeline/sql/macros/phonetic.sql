-- std_phonetic_letters: a folded word with sounds written one way (ph as f, c as s or k, silent letters out), doubles kept.
create or replace macro std_phonetic_letters(word) as (
    translate(
        regexp_replace(
            replace(
                replace(
                    replace(
                        replace(
                            replace(
                                replace(
                                    replace(
                                        regexp_replace(
                                            regexp_replace(word, '^(?:k(n)|g(n)|p(n|s|f)|w(r)|a(e)|m(c)a?|(c)z)', '\1\2\3\4\5\6\7'),
                                            'c([eiy])', 's\1', 'g'
                                        ),
                                        'sch', 's'
                                    ),
                                    'ph', 'f'
                                ),
                                'tch', 'x'
                            ),
                            'ch', 'x'
                        ),
                        'sh', 'x'
                    ),
                    'ck', 'k'
                ),
                'gh', ''
            ),
            '(.)[aeiouyhw]+', '\1', 'g'
        ),
        'cqgzdvbj', 'kkkstfpj'
    )
);

-- std_phonetic: the sound of a name's folded first word as a short key (simplified metaphone, six letters): Smith = Smyth,
-- Johnson = Jonson, Catherine = Kathryn; null where there is no Latin letter.
create or replace macro std_phonetic(text) as (
    nullif(
        left(
            replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                std_phonetic_letters(regexp_extract(split_part(std_fold(text), ' ', 1), '[a-z]+')),
                'ss', 's'), 'll', 'l'), 'tt', 't'), 'nn', 'n'), 'rr', 'r'), 'kk', 'k'), 'mm', 'm'), 'pp', 'p'), 'ff', 'f'), 'xx', 'x'), 'jj', 'j'
            ),
            6
        ),
        ''
    )
);

-- std_similarity: how alike two texts are, 0 to 1 (Jaro-Winkler); null where one is missing.
create or replace macro std_similarity(one, other) as (
    jaro_winkler_similarity(one, other)
);
