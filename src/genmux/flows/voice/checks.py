"""What cannot be said in a session, in words."""

from collections.abc import Iterable

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError, MessageError
from genmux.types.realtime import Role, SessionConfig, UpdateSession


def check_role(role: Role, able: Capabilities) -> None:
    """Raise MessageError for a message that nobody can send in this role."""
    if role not in able.roles:
        told = ", ".join(sorted(able.roles))
        raise MessageError(f"messages of the role {role!r} cannot be sent here; there are {told}", param="role")


def check_names(names: Iterable[str]) -> None:
    """Raise MessageError for a name that no setting has."""
    unknown = [name for name in names if name not in SessionConfig.__struct_fields__]
    if unknown:
        known = ", ".join(SessionConfig.__struct_fields__)
        raise MessageError(f"a session has no {', '.join(unknown)}; it has {known}", param=unknown[0])


def check_update(command: UpdateSession, able: Capabilities, model: Model) -> None:
    """Raise MessageError for a change of what cannot be changed."""
    fixed = [name for name in command.changed if name not in able.mutable]
    if fixed:
        told = ", ".join(sorted(able.mutable)) or "nothing"
        message = f"{', '.join(fixed)} cannot be changed in a session of {model.reference}; {told} can"
        raise MessageError(message, param=fixed[0], provider=model.provider, model=model.id)


def half_sample(size: int, wanted: AudioFormat, model: Model) -> AudioError:
    """The error for so many bytes of sound that are no whole samples."""
    message = (
        f"{size} bytes are no whole samples: {wanted.encoding} at {wanted.sample_rate} Hz has"
        f" {wanted.sample_bytes} bytes a sample"
    )
    return AudioError(message, param="audio", provider=model.provider, model=model.id)
