from device.errors import EXIT_OK
from trainer.commands import main


def test_a_card_is_written_where_it_is_asked_for(bundled, tmp_path, capsys):
    out = tmp_path / "card.md"
    assert main(["card", str(bundled), "--out", str(out)]) == EXIT_OK
    assert "Article 5(1)(f)" in out.read_text()
    assert str(out) in capsys.readouterr().out
