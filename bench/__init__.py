"""How fast the pipeline is, as ratios: `python -m bench`. Never part of the tests."""
