"""Identifiers. Two ids never share a type: `PatientId` is ours, `PmsPatientId` is the PMS's."""

from typing import NewType

PmsKey = NewType("PmsKey", str)
"""A vendor: `dentrix-ascend`, `open-dental`, `eaglesoft`, `curve-hero`."""

ConnectionId = NewType("ConnectionId", int)
UserId = NewType("UserId", int)
PatientId = NewType("PatientId", int)
"""A person as Denticode knows them (brought by a Lab or typed in the editor)."""
ProviderId = NewType("ProviderId", int)
"""A provider as Denticode knows them."""

LabId = NewType("LabId", str)
"""Stable on every workstation: derived from the Lab file's `external_id`, random for one written here."""
WriteBackId = NewType("WriteBackId", int)
ItemId = NewType("ItemId", int)
AttemptId = NewType("AttemptId", int)

PmsPatientId = NewType("PmsPatientId", str)
PmsProviderId = NewType("PmsProviderId", str)
PmsLocationId = NewType("PmsLocationId", str)
PmsCodeId = NewType("PmsCodeId", str)
"""A row of the practice's own code catalogue in the PMS."""
RemoteId = NewType("RemoteId", str)
"""The PMS's id of a note, procedure or document."""
