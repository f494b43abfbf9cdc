"""The seven stages, each `Run -> StageReport`: a pure rebuild of its state from the state before."""
