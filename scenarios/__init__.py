"""Scenarios: timelines in YAML, what they must raise and what not, run through the job's own steps without a server.

    document   YAML -> schema: strict, errors with file, line and path
    people     `weekdays 9-17 in Berlin, 30 days` -> who works when, where and with what
    baseline   their history: deterministic, compact
    timeline   the activities that the scenario is about, with delays, repetitions and shortcuts
    job        records -> intake -> profile -> correlate: the real steps on stores in memory
    runner     as written, then shuffled within the allowed lateness
    verdict    what was expected, what came
    report     for the terminal and JUnit

docs/scenarios.md is the reference of the format.
"""
