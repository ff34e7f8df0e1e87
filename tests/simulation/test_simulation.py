"""200 worlds on SQLite, some on PostgreSQL; `make simulate` plays more of them."""

import pytest

SEEDS, PART = 200, 25


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_promise_holds_in_every_world(first, simulated):
    runs = sum(simulated.play(seed) for seed in range(first, first + PART))

    assert runs > PART


@pytest.mark.django_db(transaction=True, databases=["postgres"])
def test_promise_holds_on_postgres(simulated_postgres):
    assert sum(simulated_postgres.play(seed) for seed in range(10)) > 10


def test_same_seed_is_the_same_world(simulated, capsys):
    simulated.play(7, verbose=True)
    first = capsys.readouterr().out
    simulated.play(7, verbose=True)

    assert capsys.readouterr().out == first
    assert len(first.splitlines()) > 20
