"""Credentials: key id, issuer id, kind and private key, and where each was found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from pytest_asc.apple.services import APP_STORE_CONNECT, SERVICES, KeyType, ServiceIds
from pytest_asc.credentials import key_files
from pytest_asc.credentials.precedence import id_conflicts, key_conflicts, precedence_of
from pytest_asc.credentials.settings import BY_NAME, SETTINGS, SettingValue, settings_with
from pytest_asc.credentials.sources import KeySource, read_file, read_path, read_text
from pytest_asc.diagnosis.findings import Finding, best_error, make_finding
from pytest_asc.diagnosis.key.ids import normalize_id, read_ids
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric import ec
    from typing_extensions import Unpack

    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.settings import Settings


@dataclass(frozen=True, repr=False, eq=False)
class Credentials:
    """What it takes to sign a token."""

    key_id: str
    issuer_id: str | None
    """None for an individual key."""
    kind: KeyType
    private_key: ec.EllipticCurvePrivateKey
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where ``key_id``, ``issuer_id`` and ``private_key`` were found."""
    service_ids: ServiceIds = field(default_factory=ServiceIds)
    """The ids that tokens for other services than App Store Connect hold, as far as they are known."""

    @classmethod
    def load(
        cls,
        *,
        key_id: str,
        key: str,
        issuer_id: str | None = None,
        kind: KeyType | None = None,
        **ids: Unpack[ServiceIds],
    ) -> Credentials:
        """Read credentials that were got from somewhere else, such as a vault.

        Args:
            key_id: The key id.
            key: The text of the key; it is repaired as one from the environment is.
            issuer_id: The issuer id; None for an individual key.
            kind: The kind of the key; by default team where there is an issuer id, individual where there is none.
            **ids: The ids that go into tokens for other services, such as ``team_id`` and ``service_id``.

        Raises:
            CredentialsError: They cannot be used.
        """
        values = {"key_id": key_id, "private_key": key, "issuer_id": issuer_id, "key_type": kind}
        given = {name: value for name, value in values.items() if value is not None}
        return replace(find_credentials(settings_with(given, "Credentials.load")).require(), service_ids=ids)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half of the key."""
        return self.private_key.public_key()

    def issuer(self, service: Service) -> str | None:
        """What ``iss`` is in this key's tokens for a service; None where it has none, or its id is not known."""
        member = service.claims["iss"]
        value = member.value.format_map({"team_id": "", **self.service_ids, "issuer_id": self.issuer_id or ""})
        return value if re.fullmatch(member.pattern, value) else None

    def __repr__(self) -> str:
        ids = f"key_id={mask(self.key_id)}, issuer_id={self.issuer_id and mask(self.issuer_id)}"
        return f"<Credentials {ids}, kind={self.kind}, sources={dict(self.sources)}>"


class CredentialsError(Exception):
    """There are no usable credentials. The message is the best-supported cause: what was seen, what to do."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        best = best_error(self.findings) or self.findings[0]
        return f"{best.title} ({best.cause}).\n  Seen: {best.evidence}.\n  To do: {best.fix}\n  More: {best.docs}"


@dataclass(frozen=True)
class CredentialsResult:
    """What all sources together gave, usable or not."""

    credentials: Credentials | None
    """None if any finding is an error."""
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]
    """Where ``key_id``, ``issuer_id`` and ``private_key`` were found; what was not is left out."""
    key_id: str | None = field(repr=False)
    issuer_id: str | None = field(repr=False)
    kind: KeyType

    def require(self) -> Credentials:
        """The credentials.

        Raises:
            CredentialsError: There are none that can be used.
        """
        if self.credentials is None:
            raise CredentialsError(self.findings)
        return self.credentials


def find_credentials(settings: Settings) -> CredentialsResult:
    """Look into every source for credentials, and repair in memory what can be repaired.

    Bad input gives findings. Every text of a key is registered with the redactor of this process.

    Raises:
        SettingsError: The key type that was set does not exist.
    """
    keys = _set_keys(settings)
    key_ids = _set_ids("key_id", keys, settings)
    issuer_ids = _set_ids("issuer_id", keys, settings)
    key = keys[0] if keys else _key_in_folders(normalize_id(key_ids[0].value), settings)
    service = SERVICES[settings.choice("service") or APP_STORE_CONNECT.name]
    said = settings.choice("key_type") or ("enterprise" if key.fastlane and key.fastlane.in_house else service.key_type)
    key_file = key.file.name if key.file and not key.fastlane else None
    if service.takes_issuer_id:
        ids = read_ids(key_ids[0].value, issuer_ids[0].value, key_type=said, key_file=key_file)
        issuer_id = ids.issuer_id
    else:
        ids = read_ids(key_ids[0].value, None, key_file=key_file)
        # Tokens for App Store Connect can be minted with it all the same.
        issuer_id = normalize_id(issuer_ids[0].value)
    kind = cast("KeyType", said or ("individual" if ids.key_id and not ids.issuer_id else "team"))
    service_ids = _service_ids(settings)

    places = {
        "key_id": key_ids[0].source or (key.source if ids.key_id else ""),
        "issuer_id": issuer_ids[0].source if ids.issuer_id else "",
        "private_key": key.source,
        **{name: service_ids[name].source for name in service.ids if name in service_ids},
    }
    sources = {name: source for name, source in places.items() if source}
    # The name of a key's file is a hint for the services whose keys are named otherwise.
    hints = frozenset({"key-of-other-service"} if service.key_file == "SubscriptionKey" else ())
    id_findings = [finding for finding in ids.findings if finding.cause not in hints]
    findings = (
        *_root_causes(key, key_ids[0], [_named(finding, key_ids[0], issuer_ids[0]) for finding in id_findings]),
        *_missing_service_ids(service, service_ids),
        *_exposure(key, settings),
        *key_conflicts(keys, settings),
        *id_conflicts("key id", key_ids, settings),
        *id_conflicts("issuer id", issuer_ids, settings),
    )
    if key.key is None or ids.key_id is None or best_error(findings):
        return CredentialsResult(None, findings, sources, ids.key_id, ids.issuer_id, kind)
    if kind == "individual" and said is None:
        findings += _empty_issuer(settings)
    known = cast("ServiceIds", {name: make_finding.value for name, make_finding in service_ids.items()})
    credentials = Credentials(ids.key_id, issuer_id, kind, key.key, sources, known)
    return CredentialsResult(credentials, findings, sources, ids.key_id, ids.issuer_id, kind)


def _service_ids(settings: Settings) -> dict[str, SettingValue]:
    """The ids that go into tokens for other services, tidied, as far as they are set."""
    given = {name: settings.get(name) for name in ServiceIds.__annotations__ if name in BY_NAME}
    return {
        name: SettingValue(bare, value.source)
        for name, value in given.items()
        if value and (bare := normalize_id(value.value))
    }


def _missing_service_ids(service: Service, known: Mapping[str, SettingValue]) -> Iterator[Finding]:
    for name in service.ids:
        if not known.get(name) and name in BY_NAME:
            setting = BY_NAME[name]
            places = ", ".join((setting.flag, setting.ini, *setting.env))
            evidence = f"tokens for {service.title} hold the {name.replace('_', ' ')}, and none is set in {places}"
            yield make_finding("service-id-missing", evidence)


def _set_keys(settings: Settings) -> list[KeySource]:
    """Every source of a key that is set, read, best first."""
    readers = (("private_key", read_text), ("key_file", read_path), ("fastlane_key", read_path))
    given = [(read, value) for name, read in readers for value in settings.all(name) if value.value.strip()]
    given.sort(key=lambda pair: precedence_of(pair[1].source, settings))
    return [read(value, settings) for read, value in given]


def _set_ids(name: str, keys: Sequence[KeySource], settings: Settings) -> list[SettingValue]:
    """Every source of an id that is set, best first; one that is neither source nor value if none is."""
    given = list(settings.all(name))
    if keys and (fastlane := keys[0].fastlane):
        given.append(SettingValue(getattr(fastlane, name) or "", keys[0].source))
    given.sort(key=lambda value: precedence_of(value.source, settings))
    return [value for value in given if normalize_id(value.value)] or [SettingValue("", "")]


def _key_in_folders(key_id: str | None, settings: Settings) -> KeySource:
    """The key of this id in the folders for keys, or the only key there if no id is given."""
    folders = key_files.folders(settings)
    files = key_files.find(key_id, folders)
    if len(files) == 1:
        return read_file(files[0], key_files.shown(files[0], settings), settings)
    searched = ", ".join(key_files.shown(folder, settings) for folder in folders)
    empty = [value.source for name in _KEY_SETTINGS for value in settings.all(name)]
    if files:
        finding = make_finding("key-id-missing", f"no key id is set, and {len(files)} AuthKey files are in {searched}")
    elif empty:
        finding = make_finding("key-empty", f"{', '.join(empty)} is set but empty, and no key is in {searched}")
    elif key_id:
        finding = make_finding("key-file-missing", f"no key is set, and no AuthKey_{mask(key_id)}.p8 is in {searched}")
    else:
        evidence = f"nothing is found in {', '.join(_key_names())}, and no AuthKey file in {searched}"
        finding = make_finding("credentials-missing", evidence)
    return KeySource("", None, (finding,), opened=False)


_KEY_SETTINGS = ("private_key", "key_file", "fastlane_key")


def _key_names() -> Iterator[str]:
    for setting in SETTINGS:
        if setting.name in {"key_id", *_KEY_SETTINGS}:
            yield from (setting.flag, setting.ini) if setting.option else ()
            yield from setting.env


def _root_causes(key: KeySource, key_id: SettingValue, ids: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings on key and ids, without those that only follow from another."""
    if key.opened:
        return (*key.findings, *ids)
    follows = {"issuer-id-missing"} if key_id.value else {"issuer-id-missing", "key-id-missing"}
    own = tuple(finding for finding in ids if finding.cause not in follows)
    # The folders were searched for a wrong key id.
    return own if not key.source and key_id.value and best_error(own) else (*key.findings, *own)


def _named(finding: Finding, key_id: SettingValue, issuer_id: SettingValue) -> Finding:
    sources = {"key-id-": key_id.source, "issuer-id-": issuer_id.source}
    source = next((source for start, source in sources.items() if finding.cause.startswith(start)), "")
    return replace(finding, evidence=f"{source}: {finding.evidence}") if source else finding


def _exposure(key: KeySource, settings: Settings) -> tuple[Finding, ...]:
    finding = key_files.exposure(key.file, key_files.shown(key.file, settings)) if key.key and key.file else None
    return (finding,) if finding else ()


def _empty_issuer(settings: Settings) -> tuple[Finding, ...]:
    empty = [value.source for value in settings.all("issuer_id")]
    evidence = f"{', '.join(empty)} is set but empty, so the key is taken for an individual one"
    return (make_finding("issuer-id-missing", evidence, level="note"),) if empty else ()
