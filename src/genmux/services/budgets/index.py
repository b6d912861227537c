"""Which budgets count for whom, in memory."""

from collections.abc import Iterable
from threading import Lock

import msgspec

from genmux.types.budgets import EVERY, Budget, Scope, ScopeKind
from genmux.types.principal import Principal

MOST = 10_000
"""So many answers are remembered."""

Key = tuple[object, ...]


class BudgetIndex:
    """The budgets that are in force. Safe to share between threads.

    A budget with the id `*` gives everyone one of their own, unless they have another one with the same period; a tag's
    `name=*` does that for the values of one tag. One's own budget is made when it is first held in: until then it has the
    negative id of the one that it comes from.
    """

    def __init__(self) -> None:
        self.version = -1
        self._scopes: dict[tuple[str, ScopeKind, str], tuple[Budget, ...]] = {}
        self._by_id: dict[int, Budget] = {}
        self._own: dict[tuple[int, str], Budget] = {}
        self._answers: dict[Key, tuple[Budget, ...]] = {}
        self._gate = Lock()

    def replace(self, version: int, budgets: Iterable[Budget]) -> None:
        """These are in force now, and no others, unless later ones are known already: two may have looked at the same time."""
        scopes: dict[tuple[str, ScopeKind, str], tuple[Budget, ...]] = {}
        by_id: dict[int, Budget] = {}
        for budget in budgets:
            by_id[budget.id] = budget
            key = (budget.tenant, budget.scope.kind, budget.scope.id)
            scopes[key] = (*scopes.get(key, ()), budget)
        with self._gate:
            if version < self.version:
                return
            self.version = version
            self._scopes, self._by_id, self._own, self._answers = scopes, by_id, {}, {}

    def learn(self, origin: int, own: Budget) -> None:
        """Somebody's own budget was made, or found."""
        with self._gate:
            if len(self._own) >= MOST:
                for one in self._own.values():
                    self._by_id.pop(one.id, None)
                self._own = {}
            self._own[origin, own.scope.id] = own
            self._by_id[own.id] = own

    def by_id(self, budget: int) -> Budget | None:
        """One budget, as far as it is known here."""
        return self._by_id.get(budget)

    def for_principal(
        self, principal: Principal, account: str | None = None, *, account_tenant: str | None = None
    ) -> tuple[Budget, ...]:
        """The budgets in which a request of somebody is held, in the order of their ids.

        `account` is `provider/name`; its budgets are those of `account_tenant`, if it belongs to another organisation.
        """
        tags = principal.tags
        key = (
            principal.organisation,
            principal.team,
            principal.key,
            principal.end_user,
            account,
            account_tenant,
            tuple(tags.items()) if tags else None,
        )
        answer = self._answers.get(key)
        return self._find(key, principal, account, account_tenant) if answer is None else answer

    def _find(
        self, key: Key, principal: Principal, account: str | None, account_tenant: str | None
    ) -> tuple[Budget, ...]:
        answers = self._answers
        tenant = principal.organisation
        asked: list[tuple[str, ScopeKind, tuple[str, ...]]] = [(tenant, "organisation", (tenant,))]
        if principal.team is not None:
            asked.append((tenant, "team", (principal.team, EVERY)))
        if principal.key is not None:
            asked.append((tenant, "key", (principal.key, EVERY)))
        if principal.end_user is not None:
            asked.append((tenant, "end_user", (principal.end_user, EVERY)))
        for name, value in principal.tags.items():
            asked.append((tenant, "tag", (f"{name}={value}", f"{name}={EVERY}", EVERY)))
        if account is not None:
            asked.append((account_tenant or tenant, "account", (account, EVERY)))
        found = {(budget.id, budget.scope): budget for one in asked for budget in self._in_force(*one)}
        whole = tuple(found[place] for place in sorted(found))
        if not whole or whole[0].id > 0:  # all of them are made
            with self._gate:
                if answers is self._answers:
                    if len(answers) >= MOST:
                        answers.clear()
                    answers[key] = whole
        return whole

    def _in_force(self, tenant: str, kind: ScopeKind, ids: tuple[str, ...]) -> Iterable[Budget]:
        """The budgets of one scope: those for it by name, then, for periods that are not limited yet, those for everyone."""
        limited: set[object] = set()
        name = ids[0]
        for id_ in ids:
            budgets = [
                one
                for one in self._scopes.get((tenant, kind, id_), ())
                if (one.period, one.seconds, one.currency) not in limited
            ]
            limited.update((one.period, one.seconds, one.currency) for one in budgets)
            yield from (self._own_of(one, name) if one.scope.each else one for one in budgets)

    def _own_of(self, everyone: Budget, name: str) -> Budget:
        known = self._own.get((everyone.id, name))
        if known is not None:
            return known
        own: Budget = msgspec.structs.replace(everyone, id=-everyone.id, scope=Scope(everyone.scope.kind, name))
        return own
