"""Who read, changed or was refused what, and when: one record for all of it, in one chain a place.

words: kinds of record.  record: a record, its bytes and its digest.  names: how an object is named.  window: reads that
belong together.  seals, keys: a day and its signature.  verify: whether a chain is whole.  log: the one writer.
Source: PS3.15 A.5 (audit trail messages), IHE ITI TF-1 section 9 (ATNA), FHIR R4 AuditEvent.
"""
