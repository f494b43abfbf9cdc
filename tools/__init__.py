"""Developer tools: they are no part of the installed package."""
