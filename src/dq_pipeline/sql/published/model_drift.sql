-- One row is one level of one comparison: its share among the compared pairs when the model was trained, and tonight.
select
    entity, -- the kind of thing
    comparison, -- what is compared
    label, -- what the level means
    trained_share, -- its share in training; null where the model does not say
    tonight_share, -- its share tonight
    psi, -- how far the comparison's shares are from the trained ones: the population stability index of all its levels
    status -- of the comparison: ok, shifted (over 0.1), drifted (over 0.25: train anew), unknown
from scored.model_drift
