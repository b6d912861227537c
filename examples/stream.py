"""Read an answer as it comes."""

from genmux import Client

with Client(model="mock/story") as client, client.stream("Tell me a story.", max_tokens=40) as stream:
    for text in stream.text():
        print(text, end="", flush=True)
    print()
    result = stream.result()
    print("why it stopped:", result.finish.unified)
