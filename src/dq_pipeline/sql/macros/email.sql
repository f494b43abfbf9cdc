-- std_email: the e-mail address in small letters, without mailto:, display name or trailing marks; null unless it is
-- well formed.
create or replace macro std_email(text) as (
    std_nonempty(
        regexp_extract(
            lower(text),
            '^\s*(?:[^<>]*<)?\s*(?:mailto:)?('
            || '[a-z0-9!#$%&''*+/=?^_`{|}~\x{80}-\x{10ffff}-]+(?:\.[a-z0-9!#$%&''*+/=?^_`{|}~\x{80}-\x{10ffff}-]+)*'
            || '@(?:[a-z0-9\x{80}-\x{10ffff}](?:[a-z0-9\x{80}-\x{10ffff}-]*[a-z0-9\x{80}-\x{10ffff}])?\.)+[a-z\x{80}-\x{10ffff}]{2,18}'
            || ')[>\s.,;]*$',
            1
        )
    )
);

-- std_email_local: the part of an e-mail address before the @; null where the address is not well formed.
create or replace macro std_email_local(text) as (
    std_nonempty(split_part(std_email(text), '@', 1))
);

-- std_email_domain: the part of an e-mail address after the @; null where the address is not well formed.
create or replace macro std_email_domain(text) as (
    std_nonempty(split_part(std_email(text), '@', 2))
);

-- std_email_is_placeholder: true for a well-formed address that nobody reads: none@none.com, test@test.com,
-- noreply@..., example.com.
create or replace macro std_email_is_placeholder(text) as (
    coalesce(
        regexp_matches(
            std_email(text),
            '^(?:none?|no|na|n[./]a|nil|null|nan|unknown|unk|undefined|noemail|no[._-]?e?-?mail|nomail|noreply'
            || '|no-?reply|donotreply|do[._-]not[._-]reply'
            || '|dontreply|dummy|fake|test|tester|testing|test[0-9]+|testuser|user|xxx*|x|aaa+|abc|abcd|asdf[a-z]*'
            || '|qwe(?:rty)?|anonymous|nobody|noone|declined|refused'
            || '|notprovided|not[._-]provided|notgiven|notavailable|customer|guest|email|mail|example|foo|spam'
            || '|delete|deleted|removed|0+|1+|123(?:4(?:5(?:6)?)?)?|9+)'
            || '@(?:none?|no|na|nil|null|unknown|noemail|nomail|no-?email|email|mail|e?xample|test|testing|fake'
            || '|dummy|xxx*|x|aaa+|abc|asdf[a-z]*|qwerty|foo|bar|domain'
            || '|nowhere|noone|nobody|anonymous|invalid|website|company|[a-z0-9]{1,2})\.'
            || '|^(?:noreply|no[._-]?reply|donotreply|do[._-]not[._-]reply|dontreply|mailer-daemon|no[._-]?e?mail'
            || '|noemail|none|null|unknown|x{2,}|postmaster|nobody'
            || '|notprovided|not[._-]provided|not[._-]available)(?:[0-9]*|\+.*)@'
            || '|@(?:[a-z0-9-]+\.)*(?:example\.(?:com|org|net)|noemail\.[a-z]+|nomail\.[a-z]+|none\.[a-z]+'
            || '|test\.(?:com|test)|invalid\.[a-z]+|fake\.[a-z]+|domain\.com)$'
            || '|\.(?:invalid|test|example|localhost|local)$'
        ),
        false
    )
);

-- std_email_mended: an e-mail address without blanks and doubled @, so that a slip of the keyboard still says whose it
-- is.
create or replace macro std_email_mended(text) as (
    regexp_replace(regexp_replace(text, '\s*(?:@\s*)+', '@', 'g'), '\s+\.\s*|\s*\.\s+(\S)', '.\1', 'g')
);

-- std_email_key: an e-mail address for comparison: mended, without +tag, Gmail's dots out; null for placeholders.
create or replace macro std_email_key(text) as (
    list_transform(
        [
            {
                'email': std_email(std_email_mended(text)),
                'is_placeholder': std_email_is_placeholder(std_email_mended(text))
            }
        ],
        lambda given: case
            when given.is_placeholder then null
            when given.email like '%@gmail.com' or given.email like '%@googlemail.com'
                then replace(
                    left(given.email, 1) || split_part(split_part(substr(given.email, 2), '@', 1), '+', 1), '.', ''
                ) || '@gmail.com'
            else left(given.email, 1) || split_part(split_part(substr(given.email, 2), '@', 1), '+', 1)
                || '@' || split_part(given.email, '@', 2)
        end
    )[1]
);

-- std_email_loose: what was typed for an e-mail address that is not well formed, for comparison: small letters, mended;
-- null without an @, or for a placeholder.
create or replace macro std_email_loose(text) as (
    list_transform(
        [lower(trim(std_email_mended(text)))],
        lambda given: case
            when regexp_matches(given, '^[^ ]*@[^ ]*$') and length(given) >= 8 and not std_is_placeholder(given) and not std_email_is_placeholder(given)
                then given
        end
    )[1]
);
