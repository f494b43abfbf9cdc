-- One row is one member and one condition of the minimum standard that is not met, or not known to be.
select
    member_id, -- the member's stable id
    condition, -- the condition: minimum_standard.condition
    met -- false: it is not met; null: it cannot be known
from scored.held
where met is distinct from true
