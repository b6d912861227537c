"""A provider that exists only in this process."""

from genmux import Client, register_provider
from genmux.contract.manifest import Credential, Manifest, ModelSpec, WireSpec

manifest = Manifest(
    spec=1,
    id="acme_here",
    name="Acme, registered here",
    base_url="https://api.acme.example/v1",
    credentials={"api_key": Credential(env=("ACME_API_KEY",))},
    wires={"chat": WireSpec(dialect="openai_chat")},
    model_defaults=ModelSpec(operations={"chat": "chat"}),
)
register_provider(manifest)

if __name__ == "__main__":
    print(Client().chat("Say hello.", model="acme_here/acme-1").text)
