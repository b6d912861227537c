"""Where sealing keys are kept: the environment, a file of the user's own, or the keyring of the operating system."""

import base64
import binascii
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from genmux.services.accounts.sealing import KEY_BYTES, KeySource, Randomness, SealingKey
from genmux.types.errors import ConfigurationError

KeyPlace = Literal["env", "file", "keyring"]

VARIABLE = "GENMUX_SEALING_KEY"
OLD_VARIABLE = "GENMUX_SEALING_KEY_OLD"
_SERVICE, _USER = "genmux", "sealing-key"
_FORBIDDEN = 0o077


def key_source(environ: Mapping[str, str], random: Randomness, *, place: KeyPlace | None = None) -> KeySource:
    """The source that was asked for; else the environment when it has a key, else the file.

    For somebody without a home it is the keyring.
    """
    file = _file(environ)
    if place == "env" or (place is None and environ.get(VARIABLE)):
        return EnvironmentKeys(environ)
    if place == "keyring" or (place is None and file is None):
        return KeyringKeys(random)
    if file is None:
        message = "there is no place for the sealing key: neither XDG_DATA_HOME nor HOME is set"
        raise ConfigurationError(message)
    return FileKeys(file, random)


def _file(environ: Mapping[str, str]) -> Path | None:
    chosen, home = environ.get("XDG_DATA_HOME"), environ.get("HOME")
    if not (chosen or home):
        return None
    folder = Path(chosen) if chosen else Path(home or "") / ".local" / "share"
    return folder / "genmux" / "sealing.key"


class EnvironmentKeys:
    """`GENMUX_SEALING_KEY`, and `GENMUX_SEALING_KEY_OLD` with those before it, commas between."""

    place = f"${VARIABLE} or ${OLD_VARIABLE}"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def found(self) -> Sequence[SealingKey]:
        """Both, the newest first."""
        texts = (self._environ.get(VARIABLE, ""), *self._environ.get(OLD_VARIABLE, "").split(","))
        return [_read(text, self.place) for text in texts if text.strip()]

    def create(self) -> SealingKey:
        """The newest: the environment holds what people put there, and nothing is made. Raises ConfigurationError without one."""
        if self._environ.get(VARIABLE, "").strip():
            return self.found()[0]
        message = (
            f"there is no sealing key in ${VARIABLE}: set it to 32 random bytes in base64 (`openssl rand -base64 32`)"
        )
        raise ConfigurationError(message)


class FileKeys:
    """A file that only its owner can read, one key a line, the newest first."""

    def __init__(self, path: Path, random: Randomness) -> None:
        self._path = path
        self._random = random

    @property
    def place(self) -> str:
        """The file's path."""
        return f"the file {self._path}"

    def found(self) -> Sequence[SealingKey]:
        """All lines; none when there is no file. Raises ConfigurationError for a file that others can read."""
        return [_read(line, self.place) for line in self._lines()]

    def create(self) -> SealingKey:
        """A new first line; what is there stays below it."""
        older = self._lines()
        secret = self._random(KEY_BYTES)
        self._write([base64.b64encode(secret).decode(), *older])
        return self.found()[0]

    def _lines(self) -> list[str]:
        try:
            mode = self._path.stat().st_mode
            text = self._path.read_text("ascii")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            message = f"{self.place} with the sealing key cannot be read: {error}"
            raise ConfigurationError(message) from error
        if os.name == "posix" and mode & _FORBIDDEN:
            message = (
                f"{self.place} holds the sealing key and can be read by others (mode {mode & 0o777:04o}); chmod 600 it"
            )
            raise ConfigurationError(message)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def _write(self, lines: Sequence[str]) -> None:
        """Whole or not at all. The first write takes care not to replace what another process has just made."""
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=".sealing-")  # made with mode 0600
        except OSError as error:
            message = f"{self.place} with the sealing key cannot be written: {error.strerror or error}"
            raise ConfigurationError(message) from error
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write("\n".join(lines) + "\n")
                file.flush()
                os.fsync(file.fileno())
            if len(lines) == 1:
                self._path.hardlink_to(draft)  # fails where there is one by now
            else:
                draft.replace(self._path)
        except FileExistsError:
            pass  # another process was first; its key is the one
        except OSError as error:
            message = f"{self.place} with the sealing key cannot be written: {error.strerror or error}"
            raise ConfigurationError(message) from error
        finally:
            draft.unlink(missing_ok=True)


class KeyringKeys:
    """The keyring of the operating system (`pip install 'genmux[keyring]'`)."""

    place = "the keyring of the operating system"

    def __init__(self, random: Randomness) -> None:
        self._random = random

    def found(self) -> Sequence[SealingKey]:
        """All that are kept, the newest first."""
        return [_read(text, self.place) for text in self._texts()]

    def create(self) -> SealingKey:
        """A new key before the others."""
        self._put([base64.b64encode(self._random(KEY_BYTES)).decode(), *self._texts()])
        return self.found()[0]

    def _texts(self) -> list[str]:
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError as error:
            message = "the sealing key is to be in the keyring, which needs a package: pip install 'genmux[keyring]'"
            raise ConfigurationError(message) from error
        try:
            found = keyring.get_password(_SERVICE, _USER)
        except KeyringError as error:
            message = f'{self.place} cannot be used: {error}; set ${VARIABLE}, or `sealing = "file"` in [accounts]'
            raise ConfigurationError(message) from error
        return (found or "").split()

    def _put(self, texts: Sequence[str]) -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(_SERVICE, _USER, " ".join(texts))
        except KeyringError as error:
            message = f'{self.place} cannot be written: {error}; set ${VARIABLE}, or `sealing = "file"` in [accounts]'
            raise ConfigurationError(message) from error


def _read(text: str, place: str) -> SealingKey:
    """A key as people write it: 32 bytes in base64 or in hexadecimal."""
    given = text.strip()
    try:
        if len(given) == 2 * KEY_BYTES:
            return SealingKey(bytes.fromhex(given))
        padded = given.replace("-", "+").replace("_", "/")
        secret = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY_BYTES:
        message = f"the sealing key in {place} must be {KEY_BYTES} bytes in base64 or hexadecimal; it is something else"
        raise ConfigurationError(message)
    return SealingKey(secret)
