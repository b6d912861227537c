"""What is registered in a process is known to all that is made in it afterwards."""

from genmux import Client, is_registered, register_provider
from genmux.client.default import default_app
from genmux.contract.manifest import parse_manifest


def test_a_client_made_afterwards_knows_what_was_registered() -> None:
    manifest = parse_manifest('spec = 1\nid = "later"\nname = "Later"\n', source="test")
    assert register_provider(manifest, replace=True) == "later"
    assert is_registered("later")
    with Client() as client:
        assert client.app is not default_app()
        assert client.app.registry.is_registered("later")
