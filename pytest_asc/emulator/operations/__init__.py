"""The operations of the API on resources of every type: reads and writes."""
