-- Authorization requests that clients push (RFC 9126), who alone may answer a request, and notices to clients that a
-- session has ended (OpenID Connect Back-Channel Logout 1.0).

alter table authorization_requests add column subject text;   -- user id; null: anyone

create table pushed_requests (
    reference_hash blob primary key,                -- of what stands after the prefix of request_uri
    client_id      text not null references clients (id) on delete cascade,
    parameters     text not null,                   -- JSON array of [name, value]
    jkt            text,                            -- thumbprint of the key that was proved when it was pushed
    request_id     text,                            -- what it became at its one use
    created_at     integer not null,
    expires_at     integer not null
) strict, without rowid;
create index pushed_requests_by_expiry on pushed_requests (expires_at);
create index pushed_requests_by_client on pushed_requests (client_id, expires_at);

-- The session as ID tokens of this grant name it: clients know it by that, also when another took its place since.
alter table grants add column sid text;
update grants set sid = session_id;

create table logout_notices (
    id          text primary key,                   -- also the jti of each try
    client_id   text not null references clients (id) on delete cascade,
    user_id     text not null,                      -- no reference: a deleted account is a reason to tell
    sid         text not null,
    state       text not null check (state in ('queued', 'sending', 'sent', 'failed')),
    tries       integer not null default 0,
    next_at     integer not null,
    claimed_at  integer,
    answer      text,                               -- of the newest try that failed
    created_at  integer not null,
    expires_at  integer not null,                   -- given up then
    finished_at integer
) strict, without rowid;
create index logout_notices_by_due on logout_notices (state, client_id, next_at);
create index logout_notices_by_age on logout_notices (created_at);
