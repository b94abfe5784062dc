"""Custom TFX components, one concept a file. Importing a component imports TFX."""
