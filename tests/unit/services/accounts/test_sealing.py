import base64
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.accounts.key_sources import EnvironmentKeys, FileKeys, KeyringKeys, key_source
from genmux.services.accounts.sealing import Sealer, SealingKey
from genmux.types.accounts_stored import Sealed, StoredAccount
from genmux.types.errors import ConfigurationError
from tests.unit.services.accounts.doubles import MemoryStore, account

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SECRET = "the-planted-secret-0123456789"
CREDENTIAL = {"api_key": SECRET, "project": "p1"}


def sealer_with(environ, store=None):
    store = store or MemoryStore()
    return Sealer(key_source(environ, os.urandom), store, os.urandom), store


async def keep(sealer, store, one, credential=CREDENTIAL):
    sealed = await sealer.seal(one, credential)
    store.rows[one.id] = StoredAccount(account=one, sealed=sealed)
    return sealed


async def test_what_was_sealed_can_be_opened_and_shows_nothing_before():
    sealer, _ = sealer_with({"GENMUX_SEALING_KEY": OLD})
    sealed = await sealer.seal(account(), CREDENTIAL)
    assert dict(sealer.open(account(), sealed)) == CREDENTIAL
    assert SECRET.encode() not in b"".join(sealed.fields.values())
    assert SECRET not in repr(sealed)


@given(fields=st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=40), min_size=1, max_size=4))
def test_whatever_was_sealed_comes_back(fields):
    import asyncio

    sealer, _ = sealer_with({"GENMUX_SEALING_KEY": OLD})
    sealed = asyncio.run(sealer.seal(account(), fields))
    assert dict(sealer.open(account(), sealed)) == fields


async def test_the_same_secret_is_never_sealed_alike():
    sealer, _ = sealer_with({"GENMUX_SEALING_KEY": OLD})
    boxes = [(await sealer.seal(account(), CREDENTIAL)).fields["api_key"] for _ in range(50)]
    assert len({box[:12] for box in boxes}) == 50


@pytest.mark.parametrize("changes", [{"tenant": "other"}, {"id": "id-else"}])
async def test_a_credential_cannot_be_moved_to_another_account(changes):
    sealer, _ = sealer_with({"GENMUX_SEALING_KEY": OLD})
    sealed = await sealer.seal(account(), CREDENTIAL)
    with pytest.raises(ConfigurationError, match="it was changed, or moved here from another account"):
        sealer.open(account(**changes), sealed)


async def test_a_credential_cannot_be_moved_to_another_field_or_changed():
    sealer, _ = sealer_with({"GENMUX_SEALING_KEY": OLD})
    sealed = await sealer.seal(account(), CREDENTIAL)
    box = sealed.fields["api_key"]
    for fields in ({"project": box}, {"api_key": box[:-1] + bytes([box[-1] ^ 1])}, {"api_key": box[:5]}):
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            sealer.open(account(), Sealed(key_id=sealed.key_id, fields=fields))


async def test_a_wrong_key_is_noticed_before_anything_is_sealed_with_it():
    sealer, store = sealer_with({"GENMUX_SEALING_KEY": OLD})
    sealed = await keep(sealer, store, account())
    wrong, _ = sealer_with({"GENMUX_SEALING_KEY": NEW}, store)
    before = (dict(store.rows), list(store.checks))
    with pytest.raises(ConfigurationError) as caught:
        await wrong.seal(account("spare"), CREDENTIAL)
    told = caught.value.message
    assert sealed.key_id in told
    assert "$GENMUX_SEALING_KEY" in told
    assert "nothing was changed" in told
    assert OLD not in told
    assert NEW not in told
    assert (store.rows, store.checks) == before
    with pytest.raises(ConfigurationError, match=sealed.key_id):
        wrong.open(account(), sealed)


async def test_a_lost_key_file_is_told_and_no_new_one_is_made(tmp_path):
    environ = {"XDG_DATA_HOME": str(tmp_path)}
    sealer, store = sealer_with(environ)
    sealed = await keep(sealer, store, account())
    file = tmp_path / "genmux" / "sealing.key"
    file.unlink()
    again, _ = sealer_with(environ, store)
    for attempt in (again.seal(account("b"), CREDENTIAL), again.reseal()):
        with pytest.raises(ConfigurationError, match=f"need the sealing key {sealed.key_id}, which is not in the file"):
            await attempt
    assert not file.exists()


async def test_a_check_that_does_not_fit_its_key_is_noticed():
    sealer, store = sealer_with({"GENMUX_SEALING_KEY": OLD})
    await keep(sealer, store, account())
    store.checks = [type(store.checks[0])(key_id=store.checks[0].key_id, check=b"x" * 46)]
    with pytest.raises(ConfigurationError, match="need the sealing key"):
        await sealer.seal(account("b"), CREDENTIAL)


async def test_the_key_file_is_made_once_for_its_owner_only(tmp_path):
    sealer, store = sealer_with({"XDG_DATA_HOME": str(tmp_path)})
    file = tmp_path / "genmux" / "sealing.key"
    assert not file.exists()
    await keep(sealer, store, account())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["sealing.key"]
    text = file.read_text()
    await keep(sealer, store, account("b"))
    assert file.read_text() == text


def test_two_processes_that_make_the_key_file_at_once_have_one_key(tmp_path):
    path = tmp_path / "sealing.key"
    first, made = FileKeys(path, os.urandom), []

    def slow(count):
        made.append(first.create())  # after the second has seen that there is no file
        return os.urandom(count)

    second = FileKeys(path, slow)
    assert second.create().id == made[0].id
    assert [key.id for key in first.found()] == [made[0].id]


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "sealing.key"
    file.write_text(OLD)
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others \\(mode 0640\\); chmod 600 it"):
        FileKeys(file, os.urandom).found()


@pytest.mark.parametrize("text", ["short", "A" * 42, "zz" * 32, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused_without_being_shown(text):
    with pytest.raises(ConfigurationError, match="must be 32 bytes in base64 or hexadecimal") as caught:
        EnvironmentKeys({"GENMUX_SEALING_KEY": text}).found()
    assert text not in caught.value.message


def test_keys_are_read_in_base64_and_in_hexadecimal():
    raw = bytes(range(200, 232))
    forms = (raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="))
    ids = {EnvironmentKeys({"GENMUX_SEALING_KEY": f" {form}\n"}).found()[0].id for form in forms}
    assert ids == {SealingKey(raw).id}


async def test_a_new_key_in_the_environment_counts_after_resealing():
    sealer, store = sealer_with({"GENMUX_SEALING_KEY": OLD})
    old = await keep(sealer, store, account())
    rotating, _ = sealer_with({"GENMUX_SEALING_KEY": NEW, "GENMUX_SEALING_KEY_OLD": OLD}, store)
    assert (await rotating.seal(account("b"), CREDENTIAL)).key_id == old.key_id
    assert await rotating.reseal() == 1
    new = store.rows["id-work"].sealed
    assert new.key_id != old.key_id
    rotated, _ = sealer_with({"GENMUX_SEALING_KEY": NEW}, store)
    assert dict(rotated.open(account(), new)) == CREDENTIAL
    assert (await rotated.seal(account("b"), CREDENTIAL)).key_id == new.key_id


async def test_resealing_with_a_key_file_makes_a_new_key_and_keeps_the_old_one_for_backups(tmp_path):
    environ = {"XDG_DATA_HOME": str(tmp_path)}
    sealer, store = sealer_with(environ)
    old = await keep(sealer, store, account())
    other, _ = sealer_with(environ, store)  # another process, which has read the file before
    other.open(account(), old)
    assert await sealer.reseal() == 1
    new = store.rows["id-work"].sealed
    assert new.key_id != old.key_id
    assert dict(other.open(account(), new)) == CREDENTIAL
    assert dict(sealer.open(account(), old)) == CREDENTIAL
    assert [one.key_id for one in store.checks] == [new.key_id]


async def test_resealing_that_fails_changes_nothing_and_can_be_done_again(tmp_path):
    sealer, store = sealer_with({"XDG_DATA_HOME": str(tmp_path)})
    old = await keep(sealer, store, account())
    store.failing = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        await sealer.reseal()
    store.failing = None
    assert store.rows["id-work"].sealed == old
    assert dict(sealer.open(account(), old)) == CREDENTIAL
    assert (await sealer.seal(account("b"), CREDENTIAL)).key_id == old.key_id
    assert await sealer.reseal() == 1


async def test_resealing_stops_at_what_cannot_be_opened(tmp_path):
    sealer, store = sealer_with({"XDG_DATA_HOME": str(tmp_path)})
    await keep(sealer, store, account())
    broken = StoredAccount(account=account("b"), sealed=store.rows["id-work"].sealed)
    store.rows["id-b"] = broken
    before = dict(store.rows)
    with pytest.raises(ConfigurationError, match="acme/b cannot be opened"):
        await sealer.reseal()
    assert store.rows == before


def test_the_environment_makes_no_keys():
    with pytest.raises(ConfigurationError, match="no sealing key in \\$GENMUX_SEALING_KEY"):
        EnvironmentKeys({}).create()


def test_the_place_of_the_key_is_chosen_by_setting_then_environment_then_file(tmp_path):
    home = {"HOME": str(tmp_path)}
    kinds = [
        key_source(home, os.urandom),
        key_source(home | {"GENMUX_SEALING_KEY": OLD}, os.urandom),
        key_source(home | {"GENMUX_SEALING_KEY": OLD}, os.urandom, place="file"),
        key_source(home, os.urandom, place="keyring"),
        key_source({}, os.urandom),
    ]
    assert [type(one) for one in kinds] == [FileKeys, EnvironmentKeys, FileKeys, KeyringKeys, KeyringKeys]
    with pytest.raises(ConfigurationError, match="neither XDG_DATA_HOME nor HOME"):
        key_source({}, os.urandom, place="file")


def test_the_keyring_keeps_keys(monkeypatch):
    import keyring

    kept = {}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: kept.get((service, user)))
    monkeypatch.setattr(keyring, "set_password", lambda service, user, text: kept.update({(service, user): text}))
    source = KeyringKeys(os.urandom)
    assert source.found() == []
    first, second = source.create(), source.create()
    assert [one.id for one in source.found()] == [second.id, first.id]


def test_a_keyring_that_cannot_be_used_is_told(monkeypatch):
    import keyring
    from keyring.errors import NoKeyringError

    def refuse(*_told):
        raise NoKeyringError("No recommended backend was available")

    monkeypatch.setattr(keyring, "get_password", refuse)
    with pytest.raises(
        ConfigurationError, match=r"the keyring of the operating system cannot be used.*GENMUX_SEALING_KEY"
    ):
        KeyringKeys(os.urandom).found()


def test_a_key_shows_only_its_id():
    key = SealingKey(b"k" * 32)
    assert repr(key) == f"SealingKey(id={key.id!r})"
    assert len({SealingKey(bytes([n]) * 32).id for n in range(20)}) == 20
