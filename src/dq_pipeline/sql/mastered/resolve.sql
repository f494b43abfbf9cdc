-- One row is a master id that was ever given out, with the id that it leads to: look an old id up here.
select
    entity, -- the kind of thing
    master_id, -- any id that was given out, however long ago
    last_id as current_id, -- the id that stands for it now, over all merges since; never null
    current_id is not null as is_live -- whether tonight's extracts hold a record of it; one that is away keeps its id
from mastered.redirects
