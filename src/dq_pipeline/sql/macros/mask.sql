-- std_mask_text: a text of which only the first letter shows ('S•••').
create or replace macro std_mask_text(text) as (
    std_blank(text)[1] || '•••'
);

-- std_mask_name: a name of which only the first letter of each word shows ('J••• S•••').
create or replace macro std_mask_name(text) as (
    array_to_string(list_transform(string_split(std_blank(text), ' '), lambda word: word[1] || '•••'), ' ')
);

-- std_mask_email: an e-mail address of which only two letters and the ending show ('j•••@g•••.com'); other text as
-- std_mask_text.
create or replace macro std_mask_email(text) as (
    list_transform(
        [{'text': text, 'email': std_email(text)}],
        lambda given: case
            when given.email is null then std_mask_text(given.text)
            else given.email[1] || '•••@' || split_part(given.email, '@', 2)[1] || '•••' || regexp_extract(given.email, '\.[^.@]+$')
        end
    )[1]
);

-- std_mask_phone: a phone number of which only the last two digits show ('••••••••17').
create or replace macro std_mask_phone(text) as (
    case
        when length(regexp_replace(text, '[^0-9]', '', 'g')) >= 4 then '••••••••' || right(regexp_replace(text, '[^0-9]', '', 'g'), 2)
        else std_mask_text(text)
    end
);
