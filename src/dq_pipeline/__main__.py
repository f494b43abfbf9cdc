"""`python -m dq_pipeline` is `dq`."""

from dq_pipeline.cli import main

main()
