"""An attribute head on the item tower: category, brand and price band of items whose catalogue entry lacks them.

`attribute_labels` turns an attribute into classes, `price_bands` a price into one, `attribute_head` is the network,
`abstention` says when it had better say nothing, `attribute_model` trains, calibrates and asks it, and `item_inputs` is
what it reads of an item.
"""
