-- Times are Unix milliseconds (integer), ids are text, digests and sealed secrets are blobs, booleans are 0 or 1.
-- Nothing here holds a secret in the clear: `*_hash` is a digest, `*_sealed` is encrypted under the master key
-- with "table:column:id" as associated data.

-- Facts about the installation: one row each.
create table meta (
    key   text primary key,
    value text not null
) strict, without rowid;

create table users (
    id                  text primary key,
    username            text not null,              -- as shown
    username_key        text not null unique,       -- NFKC and case-folded: what sign-in looks up
    username_skeleton   text not null unique,       -- UTS 39 skeleton: no two people who look alike
    email               text not null,
    email_key           text not null unique,
    name                text not null,              -- full name; may be empty
    state               text not null check (state in ('invited', 'active', 'locked', 'disabled')),
    password_hash       text,                       -- PHC string; null until a password was chosen
    password_changed_at integer,
    mfa_grace_from      integer,                    -- first sign-in that needed a factor and had none
    created_at          integer not null,
    updated_at          integer not null,
    last_login_at       integer
) strict, without rowid;
create index users_by_state on users (state);

create table user_roles (
    user_id text not null references users (id) on delete cascade,
    role    text not null,
    primary key (user_id, role)
) strict, without rowid;
-- The last active administrator is found by role.
create index user_roles_by_role on user_roles (role);

create table password_history (
    user_id       text not null references users (id) on delete cascade,
    created_at    integer not null,
    password_hash text not null,
    primary key (user_id, created_at)
) strict, without rowid;

-- Failed tries, by what was tried: they outlive restarts, and exist for names that do not.
create table attempts (
    scope        text not null check (scope in ('account', 'address', 'totp', 'recovery', 'client')),
    subject      text not null,                     -- name key, address prefix, user id or client id
    failures     integer not null,
    locks        integer not null default 0,        -- how often the limit was reached in a row
    next_at      integer not null,                  -- no try counts before this
    last_at      integer not null,
    primary key (scope, subject)
) strict, without rowid;
create index attempts_by_age on attempts (last_at);

create table totp_credentials (
    id            text primary key,
    user_id       text not null references users (id) on delete cascade,
    label         text not null,
    secret_sealed blob not null,
    digits        integer not null,
    period        integer not null,
    algorithm     text not null,
    last_step     integer,                          -- a step at or below this is spent
    state         text not null check (state in ('pending', 'active')),
    created_at    integer not null,
    last_used_at  integer
) strict, without rowid;
create index totp_credentials_by_user on totp_credentials (user_id, state);

create table recovery_codes (
    user_id   text not null references users (id) on delete cascade,
    code_hash blob not null,
    used_at   integer,
    primary key (user_id, code_hash)
) strict, without rowid;

-- One-time links. The token is a keyed hash of the row, so it can be printed again and is never stored.
create table links (
    id         text primary key,
    purpose    text not null check (purpose in ('setup', 'invite', 'enroll')),
    user_id    text references users (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null,
    used_at    integer
) strict, without rowid;
create index links_by_expiry on links (expires_at);

-- Someone on the way in: what is proven so far, bound to one browser.
create table sign_ins (
    token_hash   blob primary key,
    browser_hash blob not null,
    user_id      text not null references users (id) on delete cascade,
    stage        text not null check (stage in ('password_expired', 'second_factor', 'enroll', 'recovery_codes')),
    remember_me  integer not null,
    amr          text not null,                     -- space-separated (RFC 8176)
    return_to    text not null,                     -- a path on our own origin
    created_at   integer not null,
    expires_at   integer not null
) strict, without rowid;
create index sign_ins_by_expiry on sign_ins (expires_at);

create table sessions (
    id              text primary key,
    user_id         text not null references users (id) on delete cascade,
    remember_me     integer not null,
    amr             text not null,                  -- space-separated (RFC 8176)
    auth_time       integer not null,
    created_at      integer not null,
    last_seen_at    integer not null,
    idle_ms         integer not null,               -- ends this long after last_seen_at
    expires_at      integer not null,               -- ends then at the latest
    address         text not null,
    user_agent      text not null,
    ended_at        integer,
    end_reason      text
) strict, without rowid;
create index sessions_by_user on sessions (user_id, ended_at);
create index sessions_by_expiry on sessions (expires_at);
-- Newest first, for the console.
create index sessions_by_last_seen on sessions (last_seen_at desc, id);

create table clients (
    id             text primary key,
    name           text not null,
    secret_hash    blob,                            -- null for a public client
    auth_method    text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
    grant_types    text not null,                   -- space-separated
    scopes         text not null,                   -- space-separated; what it may ask for
    origin         text not null check (origin in ('built_in', 'static')),
    strict_refresh integer not null default 0,      -- 1: no retry window
    state          text not null check (state in ('active', 'disabled')),
    created_at     integer not null,
    updated_at     integer not null,
    last_used_at   integer
) strict, without rowid;

create table client_redirect_uris (
    client_id text not null references clients (id) on delete cascade,
    uri       text not null,
    position  integer not null,
    primary key (client_id, uri)
) strict, without rowid;

create table client_resources (
    client_id   text not null references clients (id) on delete cascade,
    resource_id text not null references resources (id) on delete cascade,
    primary key (client_id, resource_id)
) strict, without rowid;

create table resources (
    id         text primary key,
    uri        text not null unique,                -- canonical (scheme and host lower case, no default port)
    name       text not null,
    created_at integer not null
) strict, without rowid;

create table resource_scopes (
    resource_id text not null references resources (id) on delete cascade,
    scope       text not null,
    description text not null,
    position    integer not null,
    primary key (resource_id, scope)
) strict, without rowid;

-- An authorization request that waits for a person. Shown pages refer to it; its content never travels back.
create table authorization_requests (
    id             text primary key,
    browser_hash   blob not null,
    client_id      text not null references clients (id) on delete cascade,
    redirect_uri   text not null,
    scopes         text not null,
    resources      text not null,                   -- JSON array of canonical URIs
    state          text,
    nonce          text,
    code_challenge text not null,
    prompt         text not null,                   -- space-separated
    max_age        integer,                         -- seconds
    login_hint     text,
    created_at     integer not null,
    expires_at     integer not null
) strict, without rowid;
create index authorization_requests_by_expiry on authorization_requests (expires_at);

create table consents (
    user_id    text not null references users (id) on delete cascade,
    client_id  text not null references clients (id) on delete cascade,
    resource   text not null,                       -- canonical URI, or '' for none
    scopes     text not null,
    granted_at integer not null,
    primary key (user_id, client_id, resource)
) strict, without rowid;

create table authorization_codes (
    code_hash      blob primary key,
    client_id      text not null references clients (id) on delete cascade,
    user_id        text not null references users (id) on delete cascade,
    session_id     text not null references sessions (id) on delete cascade,
    redirect_uri   text not null,
    code_challenge text not null,
    scopes         text not null,
    resources      text not null,
    nonce          text,
    state          text not null check (state in ('issued', 'spent')),
    grant_id       text references grants (id) on delete cascade,
    created_at     integer not null,
    expires_at     integer not null
) strict, without rowid;
create index authorization_codes_by_expiry on authorization_codes (expires_at);

-- What one authorization gave: the family of its tokens. Refresh tokens are a keyed hash of family and
-- generation (see docs/decisions), so only generations are stored.
create table grants (
    id            text primary key,
    client_id     text not null references clients (id) on delete cascade,
    user_id       text not null references users (id) on delete cascade,
    session_id    text references sessions (id) on delete set null,
    scopes        text not null,
    resources     text not null,
    nonce         text,
    amr           text not null,
    auth_time     integer not null,
    generation    integer not null,                 -- the newest refresh token's; 0 when none was issued
    created_at    integer not null,
    expires_at    integer not null,                 -- no refresh after this
    revoked_at    integer,
    revoke_reason text
) strict, without rowid;
create index grants_by_user on grants (user_id, revoked_at);
create index grants_by_session on grants (session_id);
create index grants_by_client on grants (client_id);
create index grants_by_expiry on grants (expires_at);

create table refresh_tokens (
    grant_id   text not null references grants (id) on delete cascade,
    generation integer not null,
    issued_at  integer not null,
    expires_at integer not null,
    spent_at   integer,                             -- when it was first rotated
    recovered_at integer,                           -- when it was honoured once more after the retry window
    address    text not null,                       -- where it was asked for from
    user_agent text not null,
    primary key (grant_id, generation)
) strict, without rowid;

-- Access tokens revoked one by one (RFC 7009); kept until they would have ended anyway.
create table revoked_tokens (
    jti        text primary key,
    expires_at integer not null
) strict, without rowid;
create index revoked_tokens_by_expiry on revoked_tokens (expires_at);

create table signing_keys (
    kid            text primary key,
    algorithm      text not null,
    private_sealed blob not null,
    public_jwk     text not null,
    state          text not null check (state in ('next', 'active', 'retired')),
    created_at     integer not null,
    activated_at   integer,
    retired_at     integer
) strict, without rowid;

create table api_keys (
    id                  text primary key,
    user_id             text not null references users (id) on delete cascade,
    name                text not null,
    hint                text not null,              -- how the key begins, for people to recognise it
    key_hash            blob not null unique,
    scopes              text not null,
    requests_per_minute integer not null,
    burst_size          integer not null,
    created_at          integer not null,
    expires_at          integer,
    rotation_due_at     integer,
    last_used_at        integer,
    revoked_at          integer
) strict, without rowid;
create index api_keys_by_user on api_keys (user_id);

-- What happened, written in the transaction of the fact.
create table audit_events (
    id         integer primary key autoincrement,
    at         integer not null,
    event      text not null,                       -- dotted: session.end, refresh.replayed
    actor      text not null,                       -- who: a user id, 'system', or an operating-system account
    via        text not null,                       -- http, cli, tui, system
    user_id    text,                                -- about whom; kept after the user is gone
    client_id  text,
    session_id text,
    grant_id   text,
    address    text,
    detail     text not null                        -- JSON object, without secrets
) strict;
create index audit_events_by_user on audit_events (user_id, id);
create index audit_events_by_grant on audit_events (grant_id, id);
