"""The dataflow, its sources and sinks, settings and command line."""
