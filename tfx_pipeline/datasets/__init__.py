"""Public data sets that a user downloads, each mapped onto the data contract as its publisher wrote the files."""
