"""Recorded changes: what staff did, thing by thing, with before and after, kept for 30 days to be undone.

How a service records a change (`recording`):

- One thing: `single(shop, actor, summary, needs, entry)` gives the writes of the whole change. They go into the
  transaction that changes the thing.
- Many things: `recording = begin(shop, actor, summary, needs)`, then for each thing `recording.entry_put(entry)` in
  the transaction that changes it, then `finish(shop, recording, count, *others)`; `others` is the audit entry, which
  names the change by `recording.id`. `services.bulk.recorded_each` does all of that for a page of a list. An
  interrupted change stays open, and can be undone as far as it came.
- An entry is a `domain.changes.ChangeEntry(recording.id, kind, id, …)`. `difference(before, after)` gives the fields
  that differ. Fields are as items hold them, so that they compare exactly; None before says that the change made the
  thing, None after that it removed it. `people` are the customers whose personal values are in it: an erasure blanks
  the entry. A thing that one change touches several times needs a `step` for each, which sort by time; they are taken
  back the last one first.

`reading` lists changes and reads their entries.

`services.undo` takes changes back. It finds the handler of each kind of thing in `services.undo.handlers.HANDLERS`,
in whose order the kinds are taken back. A handler is a `handler.Handler`: `current` reads the fields that entries name
as they are now, and `take_back` writes them back through the service that owns the thing, so that totals stay exact,
in one transaction with the write that marks the entry as undone. So an undo that was interrupted is run again, and two
at once do each thing once. `handler.check_unchanged` refuses what has changed since.
"""
