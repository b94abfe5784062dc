from tfx_pipeline.simulator.catalogue import items_table, prices
from tfx_pipeline.simulator.hidden_truth import HiddenTruth


def test_titles_tell_the_sign_of_each_trait(truth: HiddenTruth) -> None:
    table = items_table(truth)
    for title, trait in zip(table.title, truth.traits, strict=True):
        assert ("warm" in title.split()) == (trait[0] < 0)
        assert ("large" in title.split()) == (trait[3] >= 0)


def test_items_have_all_the_columns_and_a_mark(truth: HiddenTruth) -> None:
    table = items_table(truth)
    assert table.columns.tolist() == ["item_id", "title", "category", "brand", "price", "generated"]
    assert table.item_id.is_unique and len(table) == 18
    assert (table.price == prices(truth)).all() and (table.price > 0).all()
