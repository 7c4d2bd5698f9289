"""What the README shows is taken as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

from flows.settings import load

README = Path(__file__).parents[2] / "README.md"


def test_the_settings_shown_can_be_used(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    assert shown is not None
    file = tmp_path / "anput.toml"
    file.write_text(shown[1])
    settings = load({"ANPUT_CONFIG": str(file)})
    (rule,) = settings.suppressions
    assert (rule.owner, rule.expires) == ("it-operations@example.com", "2027-01-31")
    assert settings.detections["mass_download"].settings == {"min_count": 100}
    assert settings.alert_budget == 0
