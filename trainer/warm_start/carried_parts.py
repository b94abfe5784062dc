"""Whole parts of a network, carried over where the earlier network has the same."""

from keras.layers import Layer

from trainer.warm_start.start_log import tell

Form = tuple[str, tuple[tuple[int, ...], ...]]


def carry_part(name: str, now: Layer | None, earlier: Layer | None) -> bool:
    """Give a part the trained weights of its predecessor, if they have the same form.

    A part goes over whole or not at all: the weights of a layer mean something only behind those that they were
    trained behind.

    Args:
        name: What to call it in the log, such as `history encoder`.
        now: The part; None where the model has none.
        earlier: Its predecessor; None where the earlier model had none.

    Returns:
        Whether nothing starts anew; so it is where the model has no such part.
    """
    if now is None or not now.trainable_variables:
        return True
    if earlier is None:
        tell("the %s starts anew: the earlier model has none", name)
        return False
    ours, theirs = _form(now), _form(earlier)
    if ours != theirs:
        tell("the %s starts anew: it is %s, and was %s", name, _described(ours), _described(theirs))
        return False
    for variable, trained in zip(now.trainable_variables, earlier.trainable_variables, strict=True):
        variable.assign(trained)
    return True


def _form(part: Layer) -> Form:
    return type(part).__name__, tuple(tuple(variable.shape) for variable in part.trainable_variables)


def _described(form: Form) -> str:
    kind, shapes = form
    return f"{kind} with weights {', '.join('x'.join(map(str, shape)) or 'of one number' for shape in shapes)}"
