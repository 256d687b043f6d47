-- Passkeys, and the WebAuthn ceremonies that wait for an answer.

-- The name under which a person's devices keep their passkeys (WebAuthn: user handle). Random, since devices show it
-- to whoever holds them; kept when the last passkey goes, so that a device replaces its old one.
create table passkey_handles (
    user_id text primary key references users (id) on delete cascade,
    handle  blob not null unique
) strict, without rowid;

create table passkeys (
    id            text primary key,
    user_id       text not null references users (id) on delete cascade,
    credential_id blob not null unique,             -- the device's own id of it
    label         text not null,
    record        text not null,                    -- JSON: the public key and what it was registered with
    counter       integer not null,                 -- highest signature counter seen; 0 for a device that has none
    syncable      integer not null,                 -- it may be copied to the person's other devices
    backed_up     integer not null,                 -- it was copied, as far as the device last said
    transports    text not null,                    -- space-separated; how the browser reaches the device
    created_at    integer not null,
    last_used_at  integer,
    flagged_at    integer                           -- the counter went back then: there may be a copy
) strict, without rowid;
create index passkeys_by_user on passkeys (user_id, id);

-- A challenge that was given out; its row is deleted by the answer, right or wrong.
create table ceremonies (
    id           text primary key,
    purpose      text not null check (purpose in ('register', 'sign_in', 'second_factor')),
    browser_hash blob not null,
    binding      text not null,                     -- the session, sign-in or link that asked; '' before sign-in
    user_id      text references users (id) on delete cascade,
    state        text not null,                     -- JSON: challenge and what was asked for
    created_at   integer not null,
    expires_at   integer not null
) strict, without rowid;
create index ceremonies_by_expiry on ceremonies (expires_at);
create index ceremonies_by_browser on ceremonies (browser_hash);
