-- One row is one expectation and what it found in this run.
select
    source, -- the source, or for a master table its name
    code, -- the short name of what is wrong where it fails
    expectation, -- the expectation, as in Great Expectations
    column_name, -- the column it looks at; null where it looks at the table or at several columns
    dimension, -- completeness, validity, uniqueness, consistency, timeliness or accuracy
    severity, -- critical keeps the row out; warning and info are counted
    owner, -- the department that answers for it
    description, -- what it expects, in a sentence
    evaluated, -- rows that were looked at
    failed, -- rows that failed
    success, -- whether the expectation was met
    error -- why it could not run; counted as failed
from quarantined.rule_results
