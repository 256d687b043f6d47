-- Steps of a sign-in, links and counts that came with more factors; browsers that a person has signed in with before.

-- More is counted than before: codes that were sent, and requests for a new password.
create table attempts_new (
    scope        text not null check (scope in ('account', 'address', 'totp', 'recovery', 'client', 'code', 'reset')),
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

-- A link can choose a new password as well.
create table links_new (
    id         text primary key,
    purpose    text not null check (purpose in ('setup', 'invite', 'enroll', 'reset')),
    user_id    text references users (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null,
    used_at    integer
) strict, without rowid;
insert into links_new (id, purpose, user_id, created_at, expires_at, used_at)
    select id, purpose, user_id, created_at, expires_at, used_at from links;
drop table links;
alter table links_new rename to links;
create index links_by_expiry on links (expires_at);
create index links_by_user on links (user_id, purpose);

-- How much this sign-in must prove: 'usual' as the account's rules say, 'fresh' every factor that there is, 'mfa' two.
alter table sign_ins add column strength text not null default 'usual'
    check (strength in ('usual', 'fresh', 'mfa'));
-- Whether the browser shall be trusted once the second factor is proved.
alter table sign_ins add column trust_device integer not null default 0;
-- The enrolment link that it began with, not used up before a factor is in force.
alter table sign_ins add column enrol_link text;

-- 1: the factors were reset by an operator, and only the holder of the link may enrol new ones.
alter table users add column enrol_by_link integer not null default 0;

-- 1: the client wants a sign-in with two factors (acr_values, OpenID Connect Core §3.1.2.1).
alter table authorization_requests add column mfa integer not null default 0;

-- Browsers that someone has signed in with: they may go on trying when strangers have used up the tries, a sign-in
-- from any other is announced, and some are trusted for a while after a second factor.
create table devices (
    id            text primary key,
    user_id       text not null references users (id) on delete cascade,
    token_hash    blob not null,                    -- the cookie; several people may share a browser
    user_agent    text not null,
    address       text not null,                    -- of the last sign-in
    created_at    integer not null,
    last_seen_at  integer not null,
    trusted_until integer
) strict, without rowid;
create unique index devices_by_token on devices (token_hash, user_id);
create index devices_by_user on devices (user_id, last_seen_at);
