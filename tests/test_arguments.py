"""What is typed in a command is looked at before any work."""

import pytest

from dsn.__main__ import main


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("teacher digits --epochs 0", "'0' is no whole number above 0"),
        ("distill digits alder --epochs -1", "'-1' is no whole number above 0"),
        ("owner mint --customer elm --epochs 0", "'0' is no whole number above 0"),
        ("documents teacher --epochs 1.5", "'1.5' is no whole number above 0"),
        ("lock --model a:b --weights w --customer elm --size -3", "'-3' is no whole number above 0"),
        ("pictures --count 0", "'0' is no whole number above 0"),
        ("ideas --seeds none", "'none' is no whole number above 0"),
        ("bench load --minutes -1 0", "'-1' is no number of minutes"),
        ("bench load --minutes 0 nan", "'nan' is no number of minutes"),
    ],
)
def test_a_number_that_cannot_be_is_said(command: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(command.split())
    assert capsys.readouterr().err.endswith(f"{sentence}\n")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("distill digits ../../elm", "cannot be a customer's name"),
        ("distill digits elm --serial nonsense!", "not a character"),
    ],
)
def test_a_name_and_a_serial_are_looked_at_before_the_data(
    command: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsn.__main__.load_data_set", lambda _: pytest.fail("the data was read first"))
    with pytest.raises(SystemExit, match=sentence):
        main(command.split())
