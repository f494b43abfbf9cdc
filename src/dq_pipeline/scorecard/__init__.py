"""A run's figures: issues, quarantine ledger, scorecard, trend and action plan, and the report made of them."""
