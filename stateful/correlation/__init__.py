"""Correlation: what the findings and insights of a tenant's users mean together. Pure; the step is correlate_step.py.

Alerts are a function of the set of current statements (the latest revision of each finding and insight). Each document
keeps the statements that can still matter, and is judged anew as a whole when one changes. What is sealed and can
change no more is dropped by event time alone. So neither the interleaving of users nor restarts can be seen in them.
"""
