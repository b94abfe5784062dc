"""The verb `shoprank evaluate`: any models, on any of the shop's data, under one named protocol."""
