-- Access tokens that say nothing by themselves, and when a second factor was last proved.

-- Opaque access tokens: what a signed one would say is kept here.
create table opaque_tokens (
    token_hash blob primary key,                    -- SHA-256
    claims     text not null,                       -- JSON, as a signed token has them (RFC 9068 §2.2)
    client_id  text not null references clients (id) on delete cascade,
    grant_id   text references grants (id) on delete cascade,         -- null: of a client in its own name
    expires_at integer not null
) strict, without rowid;
create index opaque_tokens_by_client on opaque_tokens (client_id);
create index opaque_tokens_by_grant on opaque_tokens (grant_id);
create index opaque_tokens_by_expiry on opaque_tokens (expires_at);

alter table sessions add column factor_at integer;  -- when a second factor was last proved
update sessions set factor_at = auth_time where ' ' || amr || ' ' like '% mfa %';

-- The session that is to get more proof, in place of a new one.
alter table sign_ins add column raises text references sessions (id) on delete cascade;
create index sign_ins_by_raised on sign_ins (raises);
