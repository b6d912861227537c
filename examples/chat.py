"""Ask a model, and read what came with the answer."""

from genmux import Client

with Client() as client:
    result = client.chat("Say hello in one short sentence.", model="mock/echo", max_tokens=50)
    print(result.text)
    print("tokens:", result.usage.input, "in,", result.usage.output, "out")
    print("cost:", result.cost.amount if result.cost else "unknown")
    print("why it stopped:", result.finish.unified)
