"""Which budgets count for a request."""

from genmux.services.budgets import BudgetIndex
from genmux.services.budgets.index import MOST
from genmux.types.budgets import Budget, Scope
from genmux.types.principal import Principal


def budget(number: int, scope: str, **more: object) -> Budget:
    kind, _, name = scope.partition(":")
    return Budget(id=number, tenant="acme", scope=Scope(kind, name), limit=1, **more)  # type: ignore[arg-type]


def index_of(*budgets: Budget) -> BudgetIndex:
    index = BudgetIndex()
    index.replace(1, budgets)
    return index


def ids(index: BudgetIndex, account: str | None = None, **who: object) -> list[int]:
    principal = Principal(**{"organisation": "acme", **who})  # type: ignore[arg-type]
    return [one.id for one in index.for_principal(principal, account)]


def test_every_scope_of_a_request_counts_in_the_order_of_the_ids() -> None:
    index = index_of(
        budget(9, "organisation:acme"),
        budget(2, "team:red"),
        budget(7, "key:k"),
        budget(3, "end_user:bob"),
        budget(5, "tag:project=x"),
        budget(4, "account:openai/main"),
        budget(1, "team:blue"),
    )

    found = ids(index, "openai/main", team="red", key="k", end_user="bob", tags={"project": "x", "other": "y"})

    assert found == [2, 3, 4, 5, 7, 9]
    assert ids(index) == [9]


def test_budgets_of_other_organisations_do_not_count_but_for_their_accounts() -> None:
    index = index_of(budget(1, "team:red"), budget(2, "account:openai/main"))
    other = Principal(organisation="other", team="red")

    assert index.for_principal(other, "openai/main") == ()
    assert [one.id for one in index.for_principal(other, "openai/main", account_tenant="acme")] == [2]


def test_a_budget_for_everyone_stands_for_those_without_one_of_their_own() -> None:
    index = index_of(budget(1, "end_user:*"), budget(2, "end_user:bob"), budget(3, "end_user:bob", period="day"))

    assert ids(index, end_user="bob") == [2, 3]
    (own,) = index.for_principal(Principal(organisation="acme", end_user="eve"))
    assert (own.id, own.scope) == (-1, Scope("end_user", "eve"))
    assert ids(index, end_user="*") == [-1]
    assert ids(index) == []


def test_everyones_own_budget_is_found_once_it_is_made() -> None:
    index = index_of(budget(1, "end_user:*"))
    assert ids(index, end_user="eve") == [-1]

    index.learn(1, budget(8, "end_user:eve"))

    assert ids(index, end_user="eve") == [8]
    assert index.by_id(8) is not None
    index.replace(2, [budget(1, "end_user:*")])
    assert ids(index, end_user="eve") == [-1]


def test_each_value_of_a_tag_has_its_own_and_the_nearest_rule_counts() -> None:
    index = index_of(budget(1, "tag:*"), budget(2, "tag:project=*"), budget(3, "tag:project=x"))

    assert ids(index, tags={"project": "x"}) == [3]
    assert ids(index, tags={"project": "y"}) == [-2]
    found = index.for_principal(Principal(organisation="acme", tags={"a": "1", "b": "2"}))
    assert [(one.id, one.scope.id) for one in found] == [(-1, "a=1"), (-1, "b=2")]


def test_the_same_question_gets_the_same_tuple_until_something_changes() -> None:
    index = index_of(budget(1, "team:red"))
    who = Principal(organisation="acme", team="red")
    first = index.for_principal(who)

    assert index.for_principal(Principal(organisation="acme", team="red")) is first
    index.replace(2, [])
    assert index.for_principal(who) == ()


def test_what_was_read_earlier_takes_nothing_back() -> None:
    index = BudgetIndex()
    newer = budget(1, "key:k")
    index.replace(2, [newer])

    index.replace(1, [])

    assert index.by_id(1) is newer
    assert index.version == 2


def test_no_more_than_so_many_own_budgets_are_remembered() -> None:
    index = index_of(budget(1, "end_user:*"))

    for number in range(MOST + 2):
        index.learn(1, budget(number + 2, f"end_user:u{number}"))

    assert index.by_id(2) is None
    assert index.by_id(MOST + 3) is not None
    assert index.by_id(1) is not None
