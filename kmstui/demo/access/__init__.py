"""Who calls, and whether they may: an evaluator of its own, the oracle for ``kmstui.policy``."""
