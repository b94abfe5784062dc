"""The same pipeline on orchestrators of other machines: what is compiled for them, and how a stage runs there."""
