"""What the engine offers to services."""

import libs.eventsourcing as engine

VALUES = {"START", "Row"}


def test_the_surface_is_small_and_every_name_of_it_is_described() -> None:
    assert len(engine.__all__) <= 37
    described = {name for name in engine.__all__ if getattr(engine, name).__doc__}
    assert described >= set(engine.__all__) - VALUES
