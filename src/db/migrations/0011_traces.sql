-- What came of each attempt to get a token, for whoever asks later why it was refused. Nothing secret: see model/trace.
-- No foreign keys: a story outlives client, person and grant.
create table traces (
    id         text primary key,                    -- eight letters and digits, to be read out and typed
    kind       text not null check (kind in ('authorize', 'push', 'device', 'token', 'register')),
    state      text not null check (state in ('open', 'done', 'refused')),
    known      integer not null,                    -- 1: a client of this server asked; the others go first
    client_id  text,
    user_id    text,
    grant_id   text,
    address    text not null,
    user_agent text not null,
    asked      text not null,                       -- JSON: pairs of name and value as they came, redacted
    hops       text not null default '[]',          -- JSON: what was decided, in order
    created_at integer not null,
    touched_at integer not null
) strict, without rowid;
create index traces_by_age on traces (known, created_at);
create index traces_newest on traces (created_at desc);
create index traces_by_grant on traces (grant_id) where grant_id is not null;
