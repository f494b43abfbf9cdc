-- One row is one level of one comparison of the model in force.
select
    entity, -- the kind of thing
    comparison, -- what is compared
    level, -- the level's number, the highest agrees best
    label, -- what the level means
    m, -- how often records of one thing are at this level
    u, -- how often records of different things are
    weight -- log2(m / u): how much the level speaks for a match
from linked.all_weights
