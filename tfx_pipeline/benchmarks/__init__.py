"""Measurements of shoprank beside the peers that it is compared with."""
