"""The two towers: a query tower for a user with a history, and an item tower; both end on the unit sphere."""

from trainer.towers.id_dropout import IdDropout
from trainer.towers.item_tower import ItemTower
from trainer.towers.query_tower import QueryTower
from trainer.towers.unit import unit

__all__ = ["IdDropout", "ItemTower", "QueryTower", "unit"]
