"""Keras 3 models of shoprank and the functions that TFX calls. Imports no TFX."""
