"""The simulator for media: a real HTTP server that speaks the protocols of media providers, and counts what they bill.

    async with MediaSimulator("generic", "fal") as simulator:
        simulator.url("fal")             # what the provider's `base_url` is set to
        simulator.script("queue 1; work 5", personality="fal")   # how jobs go that do not say otherwise
        simulator.advance(60)            # put the clock forward: nobody waits for anything
        simulator.ledger.bills(simulator.clock.now())            # the judge: each accepted job is a bill

As a process of its own: `python -m genmux.testing.simulator.media --port 0 --personality generic,fal` prints its address;
`GET /_simulator/bills`, `/_simulator/jobs`, `/_simulator/hooks`, `POST /_simulator/reset` and what `GET /_simulator` lists do
the same over HTTP. It keeps everything in memory and writes nothing.

How a job goes is told by directives: in the prompt in double brackets (`a cat [[queue 3]] [[filtered]]`), in the header
`x-simulator-script` (`queue 3; filtered`), by `simulator.upcoming("lost-reply")` for the next submission (for operations
without a prompt), or by the default script. `genmux.testing.simulator.media.script.DIRECTIVES` lists them all, and
`GET /_simulator/directives` shows them.

How to write a personality
--------------------------

A module `personalities/NAME.py` (or one of your own package, named with its dots) in which `personality` is a subclass of
`Personality`:

    class Acme(Personality):
        name = "acme"                                  # its prefix: http://127.0.0.1:PORT/acme
        simulates = ("acme",)                          # the provider ids whose wires speak to it

        def routes(self):                              # paths are those below the provider's base URL
            return (
                Route("POST", "/v1/videos", self.submit),
                Route("GET", "/v1/videos/{id}", self.poll),          # ask.args["id"]; `{rest*}` also takes slashes
                Route("DELETE", "/v1/videos/{id}", self.cancel),
            )

        def submit(self, ask):
            said = ask.json()                          # or ask.form(), ask.query, ask.headers, ask.body
            job = ask.accept(Order(model=said["model"], operation="text_to_video", prompt=said["prompt"],
                                   media_type="video/mp4", key=said.get("reference")))
            return reply(200, {"id": job.id})

        def poll(self, ask):
            job = ask.look(ask.args["id"])
            return reply(200, self.shown(job))

        def cancel(self, ask):
            ask.cancel(ask.args["id"])                 # or ask.delete: cancel, and forget it
            return reply(204, None)

- `ask.accept` bills the job; before that it refuses (raises `Refusal`) what its script wants refused, and the framework plays
  what goes wrong with the answer: lost, slow, garbled, never there. Give it what the caller named the job by as `key`;
  with `idempotent=True` the same key gives the same job and no second bill.
- `ask.look` counts polls, knows no job that is missing or deleted, and plays the faults of polls. A listing is
  `ask.desk.listed(since)` and `ask.desk.by_key(key)`.
- A job is spelt from `job.state(now)` (`pending`, `processing`, `completed`, `filtered`, `failed`, `cancelled`, `expired`),
  `job.progress(now)`, `self.desk.queue_position(job)`, `job.outputs`, `job.script.withheld`, `job.script.reason`; `now` is
  `self.desk.clock.now()`. Say the status with `job.word(now, WORDS)`, WORDS being your table by state: so that
  `[[status X]]` can try every word of a provider's table, and `[[unknown-status]]` one that it does not have. Shape the rest of
  the reply after `job.state(now)`, whatever the word is.
- `says(wire, raw)` is False for a row of the manifest's table that this wire never reads, where a provider has several.
- Outputs are addresses, `ask.file_url(job, index)` or `self.server.file_url(job, index)`, for `job.outputs -
  job.script.withheld` of them; where a protocol gives bytes in the reply, `files.content(job, index)` or `file_answer`.
  Where it waits for the result, return a generator: `yield from ask.until_done(job)`, then `yield whole_answer(reply(…))`.
- Errors: raise `Refusal(kind, message)`, and spell them in `refuse(refusal)`. When `refusal.inside_success`, write the
  error as your provider puts it inside of a 200 (where it never does, as it likes).
- Webhooks: `hook(job, secret=…, stamp=…)` gives the signed `Hook`, made only from its arguments, because forged and
  replayed ones are made by it too. Serve whatever the wire's `secrets()` fetches.
- Uploads: `ask.desk.upload(name, media_type, data)` keeps one and gives its id; a `PUT` to an address that you gave is a
  route like any other. `needs_key`, `key_headers`, `refunds`, `link_lifetime`, `hook_states`, `dead_link`, `price`: see
  `Personality`.
- What a protocol has of its own (a cost in the reply, an id that the caller chose) goes into `Order.extra`, and is `job.extra`.

`personalities/generic.py` is the example to copy.
"""

from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.desk import Order, Upload
from genmux.testing.simulator.media.hooks import Delivered
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.ledger import Bill, Ledger
from genmux.testing.simulator.media.personalities import personalities
from genmux.testing.simulator.media.personality import Hook, Personality, Route, reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import DIRECTIVES, Script
from genmux.testing.simulator.media.server import MediaSimulator

__all__ = [
    "DIRECTIVES", "Ask", "Bill", "Delivered", "Hook", "Ledger", "MediaSimulator", "Order", "Personality", "Refusal", "Route",
    "Script", "SimulatedJob", "Upload", "personalities", "reply",
]  # fmt: skip
