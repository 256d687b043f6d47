-- Sign-in at other providers: requests that are on their way, whose identity belongs to which account, and the tokens
-- that came along.
create table provider_flows (
    state_hash   blob primary key,                  -- SHA-256 of the state
    browser_hash blob not null,                     -- SHA-256 of the browser's cookie
    provider     text not null,                     -- its name in the configuration
    issuer       text not null,                     -- as configured when the request began
    client_id    text not null,                     -- the same
    redirect_uri text not null,
    verifier     blob not null,                     -- sealed
    nonce_hash   blob not null,                     -- SHA-256
    purpose      text not null check (purpose in ('sign_in', 'link')),
    session_id   text,                              -- the session that the browser had; it links, or is replaced
    return_to    text not null,
    remember_me  integer not null,
    strength     text not null,
    created_at   integer not null,
    expires_at   integer not null
) strict, without rowid;
create index provider_flows_by_expiry on provider_flows (expires_at);

create table provider_links (
    issuer       text not null,
    subject      text not null,                     -- the issuer's name for the person
    user_id      text not null references users (id) on delete cascade,
    provider     text not null,                     -- by which it was linked
    email        text,                              -- as the issuer said it last, for people to know it again
    made_account integer not null,                  -- 1: the account was made by it, and its roles follow the issuer
    created_at   integer not null,
    last_used_at integer,
    primary key (issuer, subject)
) strict, without rowid;
create index provider_links_by_user on provider_links (user_id);

create table provider_tokens (
    id           text primary key,
    sign_in      blob unique,                       -- the sign-in that they wait for, by the hash of its token
    session_id   text unique references sessions (id) on delete cascade,
    provider     text not null,
    issuer       text not null,
    subject      text not null,
    sid          text,                              -- the issuer's name for its session
    tokens       blob,                              -- sealed JSON; none once they were given back
    refreshable  integer not null,
    expires_at   integer,                           -- of the access token, if it was told
    busy_until   integer not null default 0,        -- somebody is refreshing or giving them back
    created_at   integer not null
) strict, without rowid;
create index provider_tokens_by_subject on provider_tokens (issuer, subject);
create index provider_tokens_by_sid on provider_tokens (issuer, sid) where sid is not null;

-- Stories of sign-ins at a provider.
create table traces_new (
    id         text primary key,                    -- eight letters and digits, to be read out and typed
    kind       text not null check (kind in ('authorize', 'push', 'device', 'token', 'register', 'sign_in')),
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
insert into traces_new (id, kind, state, known, client_id, user_id, grant_id, address, user_agent, asked, hops,
                        created_at, touched_at)
    select id, kind, state, known, client_id, user_id, grant_id, address, user_agent, asked, hops, created_at, touched_at
    from traces;
drop table traces;
alter table traces_new rename to traces;
create index traces_by_age on traces (known, created_at);
create index traces_newest on traces (created_at desc);
create index traces_by_grant on traces (grant_id) where grant_id is not null;
create index traces_of_strangers on traces (kind, created_at) where known = 0;
