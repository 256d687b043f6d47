-- Clients that registered themselves (RFC 7591), and the tokens with which they may where not everyone may.

create table client_registrations (
    client_id  text primary key references clients (id) on delete cascade,
    digest     blob unique,                         -- of what was registered; null: the same again makes another client
    token_hash blob,                                -- of its registration access token (RFC 7592); null: nobody has one
    metadata   text not null,                       -- JSON object: what is told back and stands in no other column
    created_at integer not null,
    seen_at    integer not null                     -- when it was last registered
) strict, without rowid;

-- Those of them that an administrator looked at and let in.
create table client_approvals (
    client_id   text primary key references clients (id) on delete cascade,
    approved_at integer not null
) strict, without rowid;

-- Initial access tokens (RFC 7591 §3).
create table registration_tokens (
    id           text primary key,
    name         text not null,
    token_hash   blob not null unique,
    most_uses    integer,                           -- null: as often as one likes
    uses         integer not null default 0,
    created_at   integer not null,
    expires_at   integer,
    revoked_at   integer,
    last_used_at integer
) strict, without rowid;

-- What hangs on a client is asked when it is to go, and goes with it.
create index consents_by_client on consents (client_id);
create index authorization_requests_by_client on authorization_requests (client_id);
create index authorization_codes_by_client on authorization_codes (client_id);
