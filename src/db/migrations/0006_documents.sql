-- Clients that are known by a document at their own URL: what was last seen of it.
create table client_documents (
    client_id   text primary key references clients (id) on delete cascade,
    etag        text,                               -- as its server gave it
    digest      blob not null,                      -- SHA-256 of its bytes
    fetched_at  integer not null,                   -- when it was last seen to say this
    fresh_until integer not null                    -- when it is to be asked for again
) strict, without rowid;
