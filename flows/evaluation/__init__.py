"""Evaluation: alerts against the truth about attacks (docs/evaluation.md)."""
