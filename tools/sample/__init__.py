"""A seeded generator of dirty sample extracts, with the truth about who is who and what is wrong."""
