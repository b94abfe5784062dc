"""Fills gaps in a catalogue with what the attribute head predicts: `shoprank attributes`.

`described_items` collects what is known of the items and `shop_inputs` what the head reads of them; `fill` trains the
head and asks it, and `printing` shows what came of it.
"""
