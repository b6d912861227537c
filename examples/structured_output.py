"""Get an answer as a Python object."""

import msgspec

from genmux import Client


class Person(msgspec.Struct):
    """Somebody."""

    name: str
    age: int
    languages: list[str]


with Client(model="mock/json") as client:
    result = client.chat("Ada Lovelace, 36, spoke English and French.", output=Person)
    person: Person = result.parsed
    print(type(person).__name__, person.name, person.age, person.languages)
