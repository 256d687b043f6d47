-- Signing keys take turns: the private half goes when a key's last token has ended, its history stays.
create table signing_keys_new (
    kid            text primary key,
    algorithm      text not null,
    private_sealed blob,                            -- null: wiped, since it is not needed any more
    public_jwk     text not null,
    state          text not null check (state in ('next', 'active', 'retired')),
    created_at     integer not null,                -- published since then
    activated_at   integer,
    retired_at     integer,
    verifies_until integer,                         -- tokens of a retired key are refused from then on
    longest_ms     integer not null default 0,      -- the longest that a token of it could live while it signed
    retire_reason  text                             -- rotated, or why it was retired before its time
) strict, without rowid;
insert into signing_keys_new
    (kid, algorithm, private_sealed, public_jwk, state, created_at, activated_at, retired_at, verifies_until)
    select kid, algorithm, private_sealed, public_jwk, state, created_at, activated_at, retired_at,
           retired_at + 86400000
    from signing_keys;
drop table signing_keys;
alter table signing_keys_new rename to signing_keys;
-- Whatever several processes do at once: one key signs with an algorithm, and one waits for its turn.
create unique index signing_keys_signing on signing_keys (algorithm) where state = 'active';
create unique index signing_keys_waiting on signing_keys (algorithm) where state = 'next';
