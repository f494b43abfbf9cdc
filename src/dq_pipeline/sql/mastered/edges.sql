-- One row is a pair of records that linkage holds for one thing, or nearly.
select
    entity, -- the kind of thing
    record_id_l, -- the record with the smaller id
    record_id_r, -- the other record
    match_weight, -- log2 of the odds that both mean one thing; null where a rule decided
    match_probability, -- the same as a probability, 0 to 1
    match_reason, -- why they were compared: model, a rule's name, same_profile, or a judgement
    decision -- merge, review or no
from linked.all_edges
