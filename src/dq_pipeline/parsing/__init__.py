"""Parsing: distinct texts of a table become a table of their parts. The only user of usaddress."""
