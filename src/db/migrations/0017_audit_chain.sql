-- Each event carries a keyed hash over itself and the one before, so that whoever changes, removes or inserts one without
-- the master key is found out. One row says where the chain begins and ends; it is sealed by the same key.
alter table audit_events add column hash blob;

create table audit_chain (
    only_one  integer primary key check (only_one = 1),
    base_id   integer not null,                     -- the last event that retention removed; 0: none was
    base_hash blob not null,
    last_id   integer not null,
    last_hash blob not null,
    torn_at   integer,                              -- the first event that was written to a chain found tampered with
    mac       blob not null
) strict;

create index audit_events_by_client on audit_events (client_id, id) where client_id is not null;
create index audit_events_by_address on audit_events (address, id) where address is not null;
