-- Clients that register themselves or are known by a document, resources with all that is said of them, and the
-- columns by which requests, codes and grants are bound to a key and to a trace.

create table clients_new (
    id                        text primary key,     -- of a client known by a document: the document's URL
    name                      text not null,
    secret_hash               blob,                 -- null for a public client
    auth_method               text not null
        check (auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
    grant_types               text not null,        -- space-separated
    scopes                    text not null,        -- space-separated; what it may ask for
    origin                    text not null check (origin in ('built_in', 'static', 'dynamic', 'document')),
    strict_refresh            integer not null default 0,      -- 1: no retry window
    state                     text not null check (state in ('active', 'pending', 'disabled')),
    jwks                      text,                 -- public keys by value: a JWK set
    jwks_uri                  text,                 -- public keys by reference
    client_uri                text,                 -- its home page
    post_logout_redirect_uris text not null default '[]',      -- JSON array
    backchannel_logout_uri    text,
    dpop_bound                integer not null default 0,      -- 1: gets sender-constrained tokens only (RFC 9449)
    par_required              integer not null default 0,      -- 1: pushes its requests (RFC 9126)
    not_before                integer not null default 0,      -- when its own tokens were last ended
    created_at                integer not null,
    updated_at                integer not null,
    last_used_at              integer
) strict, without rowid;
insert into clients_new (id, name, secret_hash, auth_method, grant_types, scopes, origin, strict_refresh, state,
                         created_at, updated_at, last_used_at)
    select id, name, secret_hash, auth_method, grant_types, scopes, origin, strict_refresh, state,
           created_at, updated_at, last_used_at from clients;
drop table clients;
alter table clients_new rename to clients;
create index clients_by_origin on clients (origin, state);

alter table resources add column token_lifetime integer;      -- seconds; null: as configured
alter table resources add column token_format text not null default 'jwt' check (token_format in ('jwt', 'opaque'));
alter table resources add column algorithm text;              -- what its tokens are signed with; null: as configured
alter table resources add column roles text not null default '';   -- space-separated; who may use it; empty: anyone

-- Other spellings of a resource that clients use.
create table resource_aliases (
    uri         text primary key,                   -- canonical
    resource_id text not null references resources (id) on delete cascade
) strict, without rowid;
create index resource_aliases_by_resource on resource_aliases (resource_id);

alter table resource_scopes add column risk text not null default 'normal' check (risk in ('low', 'normal', 'sensitive'));
-- 1: given to a client that names no scope.
alter table resource_scopes add column is_default integer not null default 1;

alter table authorization_requests add column response_mode text not null default 'query'
    check (response_mode in ('query', 'form_post'));
alter table authorization_requests add column jkt text;       -- thumbprint of the key that the code is bound to
alter table authorization_requests add column trace_id text;
alter table authorization_codes add column jkt text;
alter table authorization_codes add column trace_id text;
alter table grants add column jkt text;                       -- thumbprint of the key that its tokens are bound to
alter table grants add column trace_id text;

-- Identifiers of signed statements (client assertions, DPoP proofs, ID-JAGs) that were used, so that none works twice.
create table used_statements (
    digest     blob primary key,                    -- of kind, issuer and jti
    expires_at integer not null
) strict, without rowid;
create index used_statements_by_expiry on used_statements (expires_at);
