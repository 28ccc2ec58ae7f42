"""How long invoices wait for their payment: what is open counts for the days it was watched."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from services.rules.money.lag import Lag, Settled, learn

TODAY = date(2026, 11, 23)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_a_table_by_hand() -> None:
    """Ten invoices of ten days ago: four paid on day 2, three on day 5, three open. Half of what is left at 5 pays then."""
    lag = learn([Settled(ago(10), ago(8), 4), Settled(ago(10), ago(5), 3), Settled(ago(10), None, 3)], TODAY)
    assert (lag.hazard(2), lag.hazard(5), lag.known) == (0.4, 0.5, 7)
    assert lag.chance(0, 9) == pytest.approx(0.7)
    assert lag.chance(3, 1) == 0
    assert lag.chance(3, 2) == pytest.approx(0.5)
    assert lag.chance(30, 300) == 0


def test_open_invoices_count_while_they_are_watched() -> None:
    """Young open invoices lower nothing at ages they have not reached; forgetting them would, and so would calling them lost."""
    young = learn([Settled(ago(10), ago(5), 5), Settled(ago(10), None, 5), Settled(ago(3), None, 100)], TODAY)
    assert young.hazard(5) == 0.5
    assert young.at_risk[2] == 110


def test_today_tells_nothing_yet() -> None:
    """An invoice paid today was seen open until yesterday; one issued today was not seen at all."""
    lag = learn([Settled(ago(2), TODAY), Settled(TODAY, TODAY), Settled(TODAY, None)], TODAY)
    assert (lag.at_risk, lag.known) == ((1, 1), 0)


def test_a_payment_before_its_invoice_is_of_the_same_day() -> None:
    assert learn([Settled(ago(3), ago(4))], TODAY).paid == (1,)


def test_the_rest_of_today() -> None:
    """Half a day left gives half of the day's hazard, in the sense that two halves make the whole."""
    lag = Lag((10, 10), (5, 0))
    half = lag.chance(0, 0, 0.5)
    assert 1 - (1 - half) ** 2 == pytest.approx(0.5)
    assert lag.chance(0, 0, 0.0) == 0


invoices = st.lists(
    st.builds(
        lambda issued, wait, count: Settled(ago(issued), None if wait is None else ago(issued - wait), count),
        st.integers(0, 60),
        st.none() | st.integers(0, 60),
        st.integers(1, 5),
    ).filter(lambda one: one.paid is None or one.paid <= TODAY),
    max_size=30,
)


@given(invoices, st.integers(0, 70), st.integers(0, 40), st.floats(0, 1))
def test_chances_are_chances(settled: list[Settled], age: int, days: int, share: float) -> None:
    """Between 0 and 1, more with every day left; the order of invoices does not matter; draws agree with the estimate."""
    lag = learn(settled, TODAY)
    chance = lag.chance(age, days, share)
    assert 0 <= chance <= lag.chance(age, days + 1, share) <= 1
    assert learn(reversed(settled), TODAY) == lag
    drawn = lag.drawn(Generator(PCG64(1)), 50).chance(age, days, share)
    assert drawn.shape == (50,)
    assert np.all((drawn >= -1e-9) & (drawn <= 1))


def test_draws_centre_on_the_estimate() -> None:
    lag = learn([Settled(ago(40), ago(40 - wait), 20) for wait in range(10)] + [Settled(ago(40), None, 200)], TODAY)
    drawn = lag.drawn(Generator(PCG64(2)), 4000).chance(3, 20)
    assert float(drawn.mean()) == pytest.approx(lag.chance(3, 20), abs=0.01)
