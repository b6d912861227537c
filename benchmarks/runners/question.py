"""The request that every runner sends."""

MODEL = "gpt-4o-mini"
KEY = "sk-benchmark"
MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Tell me about foxes and dogs. " * 24},
]
SETTINGS = {"max_tokens": 256, "temperature": 0.7}
