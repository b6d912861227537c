"""Know what a call may cost, and refuse what may cost more."""

from genmux import BudgetExceededError, Client

with Client(model="openai/gpt-5.4") as client:
    estimate = client.estimate("Explain budgets in one paragraph.", max_tokens=300)
    print(f"it may cost ${estimate.low:.6f} to ${estimate.high:.6f} ({estimate.confidence} confidence)")

with Client(model="mock/priced") as client:
    try:
        client.chat("Explain budgets in one paragraph.", max_tokens=1_000, budget_limit="0.000001")
    except BudgetExceededError as error:
        print(error.message)
