"""Let a model call Python functions."""

from genmux import Client, Message, Text, run_tool


def weather(city: str, *, unit: str = "celsius") -> str:
    """The weather in a city, in celsius or fahrenheit."""
    return f"It is 21 degrees {unit} and sunny in {city}."


messages = [Message(role="user", content=(Text("What is the weather in Oslo?"),))]
with Client(model="mock/tools") as client:
    result = client.chat(messages, tools=[weather])
    while result.tool_calls:
        messages.append(result.message)
        for call in result.tool_calls:
            print("the model calls", call.name, call.input)
            messages.append(Message(role="tool", content=(run_tool(call, [weather]),)))
        result = client.chat(messages, tools=[weather])
    print(result.text)
