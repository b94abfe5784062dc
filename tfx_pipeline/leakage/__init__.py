"""The leakage audit: examples beside the tables, by code that shares nothing with what builds the examples."""
