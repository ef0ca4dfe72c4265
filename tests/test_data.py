"""The data: what is in the file, and what the tasks are."""

import numpy as np
import pytest

from vgcourse import data


def test_digits_are_there_without_a_download():
    digits = data.digits()
    assert digits.x.shape == (1797, 64)
    np.testing.assert_allclose(
        [digits.x.mean(), np.mean(digits.x**2)], [0, 1], atol=1e-12
    )
    # Of each digit about a tenth.
    counts = np.bincount(digits.y)
    assert len(counts) == 10
    assert counts.min() >= 174
    # The first image is a ring: dark corners, a bright circle around a dark middle.
    image = digits.x[0].reshape(8, 8)
    assert digits.y[0] == 0
    assert image[0, 0] == image[7, 7] == digits.x.min()
    assert image[3:5, 3].max() < image[1:7, 2:6].max()


def test_a_split_shares_all_examples_out():
    digits = data.digits()
    train, test = digits.split(0.8, rng=0)
    assert (len(train.x), len(test.x)) == (1438, 359)
    assert len(train.x) == len(train.y)
    both = np.concatenate([train.x, test.x]).sum(axis=0)
    np.testing.assert_allclose(both, digits.x.sum(axis=0), atol=1e-9)
    again, _ = digits.split(0.8, rng=0)
    np.testing.assert_array_equal(train.y, again.y)


def test_spirals_lie_on_their_arms():
    arms = data.spirals(99, arms=3, turns=1.5, rng=0)
    np.testing.assert_array_equal(np.bincount(arms.y), [33, 33, 33])
    radius = np.linalg.norm(arms.x, axis=1)
    assert radius.max() <= 1
    angle = np.arctan2(arms.x[:, 1], arms.x[:, 0])
    turn = angle / (2 * np.pi) - 1.5 * radius - arms.y / 3
    np.testing.assert_allclose(np.abs(turn - np.rint(turn)), 0, atol=1e-9)
    noisy = data.spirals(99, arms=3, turns=1.5, noise=0.1, rng=0)
    # Six standard errors of a standard deviation of 198 numbers.
    np.testing.assert_allclose(np.std(noisy.x - arms.x), 0.1, rtol=6 / np.sqrt(2 * 198))


def test_wave_is_a_sine():
    wave = data.wave(50, periods=1, rng=0)
    np.testing.assert_allclose(wave.y, np.sin(np.pi * wave.x), rtol=1e-12)
    assert np.abs(wave.x).max() <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.digits().split(0, rng=0), "share must leave examples on both"),
        (lambda: data.spirals(1, rng=0), "count must be at least 2, got 1"),
        (lambda: data.spirals(9, arms=1, rng=0), "arms must be at least 2, got 1"),
        (lambda: data.wave(0, rng=0), "count must be at least 1, got 0"),
    ],
)
def test_bad_input_is_one_clear_line(call, message: str):
    with pytest.raises(ValueError, match=message):
        call()
