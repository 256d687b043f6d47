-- What is looked up for "why was this refused?" without reading whole tables.
create index audit_events_by_session on audit_events (session_id) where session_id is not null;
create index traces_of_strangers on traces (kind, created_at) where known = 0;
create index audit_events_of_nobody on audit_events (event, at) where user_id is null and grant_id is null;
