-- std_phonetic_letters: a folded word with its sounds written one way: silent letters out, ph as f, soft c as s,
-- doubles single.
create or replace macro std_phonetic_letters(word) as (
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(regexp_replace(word, '^g([ei])', 'j\1'), '^(?:k(n)|g(n)|p(n|s|f)|w(r)|(m)a?c|(c)z)', '\1\2\3\4\5\6'),
                'c([eiy])', 's\1', 'g'
            ),
            'sch|tch|ch([^r]|$)|sh', 'x\1', 'g'
        ),
        'ph', 'f'), 'gh', ''), 'ck', 'k'), 'ch', 'k'), 'mps', 'ms'), 'dt', 't'), 'tz', 's'), 'bb', 'b'), 'cc',
        'k'), 'dd', 'd'), 'ff', 'f'), 'gg', 'g'), 'll', 'l'), 'mm', 'm'),
        'nn', 'n'), 'pp', 'p'), 'rr', 'r'), 'ss', 's'), 'tt', 't'), 'zz', 's'), 'kk', 'k')
);

-- std_phonetic: the sound of a name's first Latin word as a key of at most six letters (a simplified metaphone: vowels
-- but the first are left out, like consonants are one): Smith = Smyth, Johnson = Jonson, Catherine = Kathryn; null
-- without such a word.
create or replace macro std_phonetic(text) as (
    list_transform(
        [std_phonetic_letters(regexp_extract(std_fold(text), '[a-z]+'))],
        lambda word: std_nonempty(
            left(translate(left(word, 1), 'cqgzdvbjyw', 'kkkstfpjiv') || translate(substr(word, 2), 'cqgzdvbjaeiouhyw', 'kkkstfpj'), 6)
        )
    )[1]
);
