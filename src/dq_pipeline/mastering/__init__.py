"""From clusters to master records: ids that last, and for every field the value that wins, with its provenance."""
