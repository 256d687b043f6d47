-- Devices that wait for a person (RFC 8628), what may be exchanged for what (RFC 8693), and whose assertions count
-- (RFC 7523, identity assertion authorization grants).

-- Codes that people type on the device page have a count of their own.
create table attempts_new (
    scope        text not null
        check (scope in ('account', 'address', 'totp', 'recovery', 'client', 'code', 'reset', 'user_code')),
    subject      text not null,                     -- name key, address prefix, user id, device id or client id
    failures     integer not null,
    locks        integer not null default 0,        -- how often the limit was reached in a row
    next_at      integer not null,                  -- no try counts before this
    last_at      integer not null,
    primary key (scope, subject)
) strict, without rowid;
insert into attempts_new (scope, subject, failures, locks, next_at, last_at)
    select scope, subject, failures, locks, next_at, last_at from attempts;
drop table attempts;
alter table attempts_new rename to attempts;
create index attempts_by_age on attempts (last_at);

create table device_requests (
    id           text primary key,
    device_code  blob not null unique,              -- SHA-256
    user_code    blob not null unique,              -- keyed hash of the letters
    client_id    text not null references clients (id) on delete cascade,
    scopes       text not null,                     -- asked for; once decided upon: allowed
    resources    text not null,                     -- JSON array
    spelled      text not null,                     -- JSON array: the same in the client's own words
    state        text not null check (state in ('pending', 'approved', 'denied', 'spent')),
    interval_s   integer not null,                  -- the device may ask so often; grows when it does not listen
    last_poll_at integer,
    address      text not null,                     -- where the device is
    address_key  text not null,                     -- the part of it that stands for one customer
    user_agent   text not null,
    jkt          text,                              -- thumbprint of the key that the tokens are bound to
    trace_id     text,
    user_id      text references users (id) on delete cascade,        -- who decided
    session_id   text references sessions (id) on delete set null,    -- and in which session
    created_at   integer not null,
    expires_at   integer not null
) strict, without rowid;
create index device_requests_by_client on device_requests (client_id);
create index device_requests_by_address on device_requests (address_key, expires_at);
create index device_requests_by_expiry on device_requests (expires_at);
create index device_requests_by_user on device_requests (user_id);
create index device_requests_by_session on device_requests (session_id);

-- Wrong codes on the device page, whoever typed them, by the hour they came in.
create table user_code_misses (
    hour  integer primary key,                      -- its beginning
    count integer not null
) strict, without rowid;

-- Which client may exchange a token that was made for one resource into one for another.
create table exchange_policies (
    client_id     text not null references clients (id) on delete cascade,
    from_resource text not null references resources (id) on delete cascade,
    to_resource   text not null references resources (id) on delete cascade,
    scopes        text not null,                    -- HAVE=GIVE or one name for both, space-separated
    created_at    integer not null,
    primary key (client_id, from_resource, to_resource)
) strict, without rowid;
create index exchange_policies_by_from on exchange_policies (from_resource);
create index exchange_policies_by_to on exchange_policies (to_resource);

-- Providers whose identity assertions are believed here.
create table trusted_issuers (
    issuer     text primary key,                    -- letter by letter
    jwks       text,                                -- their public keys by value, a JWK set
    jwks_uri   text,                                -- or where those are
    by_email   integer not null,                    -- 1: someone who is not linked is known by a verified address
    created_at integer not null,
    check ((jwks is null) <> (jwks_uri is null))
) strict, without rowid;

-- Who a subject of theirs is here.
create table linked_identities (
    issuer     text not null references trusted_issuers (issuer) on delete cascade,
    subject    text not null,
    user_id    text not null references users (id) on delete cascade,
    created_at integer not null,
    primary key (issuer, subject)
) strict, without rowid;
create index linked_identities_by_user on linked_identities (user_id);

-- Which client may take assertions about people from here to which other server.
create table assertion_audiences (
    audience     text not null,                     -- the other server's issuer, letter by letter
    client_id    text not null references clients (id) on delete cascade,
    client_there text not null,                     -- what the client is called there
    scopes       text not null,                     -- at most these; empty: any
    created_at   integer not null,
    primary key (audience, client_id)
) strict, without rowid;
create index assertion_audiences_by_client on assertion_audiences (client_id);
