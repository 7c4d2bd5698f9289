"""kill -9 at random moments of committing: what was answered for is there, exactly."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from recovery.errors import GenerationGoneError
from recovery.store import KeyGroupStore
from recovery.token import Token

KEYS = 400
CHANGED = 120

# What generation g changes is a function of g, so that the parent knows every state without being told.
CHANGES = f"""
import random
def changes(generation):
    source = random.Random(generation)
    keys = source.sample(range({KEYS}), {CHANGED})
    return {{b"%d" % key: source.choice([None, source.randbytes(2000)]) for key in keys}}
"""
CHILD = (
    CHANGES
    + """
import sys
from pathlib import Path
from recovery.store import KeyGroupStore
from recovery.token import Token
token = Token.decode(bytes.fromhex(sys.argv[2])) if sys.argv[2] else None
store = KeyGroupStore.open(Path(sys.argv[1]), "profile", 0, token, "cluster", 1, retain_generations=4)
while True:
    print(store.commit(changes(store.token.generation + 1)).encode().hex(), flush=True)
"""
)


def test_kill_at_random_moments(tmp_path: Path) -> None:
    """Ten lives. Each resumes at the last token heard of or an older one, as Bytewax does after an unfinished epoch."""
    scope: dict[str, object] = {}
    exec(CHANGES, scope)
    source = random.Random(20181)
    tokens: list[Token] = []
    state: dict[bytes, bytes] = {}
    for life in range(10):
        last = tokens[-1].encode().hex() if tokens else ""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path), last], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stderr is not None
        first = child.stdout.readline()
        time.sleep(source.uniform(0.0, 0.25))
        child.kill()
        heard = first + child.stdout.read()
        assert child.wait() == -9, child.stderr.read()
        lines = heard.decode().split("\n")[:-1]  # without what follows the last line's end
        answered = [Token.decode(bytes.fromhex(line)) for line in lines]
        tokens += answered
        assert [token.generation for token in tokens] == list(range(1, len(tokens) + 1))
        del tokens[max(1, len(tokens) - source.choice([0, 0, 1, 3])) :]
        store = KeyGroupStore.open(tmp_path, "profile", 0, tokens[-1], "cluster", 1, retain_generations=4)
        state = {}
        for generation in range(1, len(tokens) + 1):
            state |= scope["changes"](generation)  # type: ignore[operator]
        state = {key: value for key, value in state.items() if value is not None}
        assert dict(store.scan()) == state, life
        assert all(store.get(b"%d" % key) == state.get(b"%d" % key) for key in range(KEYS))
        store.close()
    assert len(tokens) > 100
    try:
        KeyGroupStore.open(tmp_path, "profile", 0, tokens[0], "cluster", 1)
    except GenerationGoneError:
        return
    raise AssertionError
