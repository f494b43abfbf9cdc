"""Data quality: suites of expectations, the checker that runs them, quarantine, gates."""
