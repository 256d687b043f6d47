-- What a creation over the API was answered with, so that the same request, sent again, makes nothing twice.
create table idempotency_keys (
    principal text not null,        -- whose: the id of an API key, or of a client and a person
    key_hash blob not null,         -- SHA-256 of the header's text
    request_hash blob not null,     -- SHA-256 of method, address and body
    answer blob not null,           -- sealed: it may hold what is shown once
    created_at integer not null,
    primary key (principal, key_hash)
) without rowid;
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Lists of the API go from one to the next by these.
create index users_by_age on users (created_at, id);
create index sessions_of_client on grants (client_id, session_id) where session_id is not null;
