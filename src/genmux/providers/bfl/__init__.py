"""Black Forest Labs: the FLUX models, at their maker's."""

from pathlib import Path

from genmux.contract.failures import FailureTable
from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.contract.statuses import StatusTable
from genmux.providers.bfl.body import Placing, filmed, painted, pictures, prompted
from genmux.providers.bfl.signing import sign
from genmux.providers.bfl.wire import BflWire

PLACINGS: dict[str, Placing] = {"pictures": pictures, "prompted": prompted, "painted": painted, "filmed": filmed}
"""Each wire by the name that the manifest's operations give: how it places the inputs."""

manifest = read_manifest(Path(__file__).with_name("manifest.toml"))
provider = Provider(
    manifest=manifest,
    wires={
        name: BflWire(place, statuses=StatusTable(manifest.statuses), failures=FailureTable(manifest.errors))
        for name, place in PLACINGS.items()
    },
    auth=sign,
)
