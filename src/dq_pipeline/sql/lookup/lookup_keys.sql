-- One row is a key by which `dq lookup` finds a master: rows stand in the order of kind and key, so that few are read.
select distinct
    kind, -- what the key is: `lookup.kinds` of the project file names them
    key, -- the key as it is compared; numbers stand backwards, because they are told apart by their ends
    master_id, -- whom it means: the id of the entity that is looked up
    shown, -- what was found, as a person reads it
    compared, -- the words with which those of the question are compared; null where the key alone decides
    beside -- words that confirm and do not find, such as the town
from mastered.lookup_found
where key is not null
    and master_id is not null
