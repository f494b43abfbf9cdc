-- One row is an entity with how right linkage was tonight on the pairs that stewards judged, had nobody judged them.
select
    entity, -- the kind of thing
    same, -- pairs of tonight's records that are judged the same
    different, -- pairs that are judged different
    merged_same, -- pairs judged the same that linkage alone would merge
    merged_different, -- pairs judged different that linkage alone would merge
    precision, -- of the judged pairs that linkage would merge, the share that is the same; null without any
    precision_from, -- its range at 95 %: from
    precision_to, -- to
    recall, -- of the pairs judged the same, the share that linkage would merge; null without any
    recall_from, -- its range at 95 %: from
    recall_to -- to
from linked.all_judged_accuracy
