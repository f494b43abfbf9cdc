-- One row is a pair of records that a steward shall decide.
select
    review.entity, -- the kind of thing
    review.record_id_l, -- the record with the smaller id
    review.record_id_r, -- the other record
    left_xref.master_id as master_id_l, -- the master that the first belongs to now
    right_xref.master_id as master_id_r, -- the master that the other belongs to now
    review.match_weight, -- log2 of the odds that both mean one thing
    review.match_probability, -- the same as a probability, 0 to 1
    review.reason -- why it is unsure
from linked.all_review as review
join mastered.xref as left_xref
    on left_xref.entity = review.entity
    and left_xref.record_id = review.record_id_l
join mastered.xref as right_xref
    on right_xref.entity = review.entity
    and right_xref.record_id = review.record_id_r
