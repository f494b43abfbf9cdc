-- One row is one thing that was weighed for a pair of the review queue; a pair's rows add up to its own match weight.
select
    queue.entity, -- the kind of thing
    queue.record_id_l, -- the record with the smaller id
    queue.record_id_r, -- the other record
    evidence.place, -- the order in which it is told: 0 is the prior
    evidence.comparison, -- prior, a comparison of the entity, or related: what pairs of one household take off
    evidence.level, -- how far the values agree; null for prior and related
    round(cast(evidence.bits as double), 3) as bits -- what it adds to the match weight, log2 of the odds
from mastered.review_queue as queue
inner join linked.all_evidence as evidence
    on queue.entity = evidence.entity
    and queue.record_id_l = evidence.record_id_l
    and queue.record_id_r = evidence.record_id_r
