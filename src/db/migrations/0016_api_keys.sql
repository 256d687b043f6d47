-- Agents; API keys that take turns, are limited and are counted.

-- Programs with a name of their own. Their keys carry them beside the person who answers for them.
create table agents (
    id            text primary key,
    name          text not null,
    name_key      text not null unique,             -- case-folded
    name_skeleton text not null unique,             -- look-alikes are one
    owner_id      text not null references users (id) on delete cascade,
    state         text not null check (state in ('active', 'disabled')),
    created_at    integer not null
) strict, without rowid;
create index agents_by_owner on agents (owner_id);

alter table api_keys add column agent_id text references agents (id) on delete cascade;
alter table api_keys add column last_used_address text;
alter table api_keys add column replaces text;      -- the key before it
alter table api_keys add column replaced_by text;   -- the one key after it
alter table api_keys add column overlap_until integer;  -- once replaced: ends then at the latest
alter table api_keys add column warned_at integer;  -- when its owner was told that it falls due
alter table api_keys add column revoke_reason text;
create index api_keys_by_agent on api_keys (agent_id);
create index api_keys_to_warn_of on api_keys (rotation_due_at)
    where warned_at is null and revoked_at is null and replaced_by is null;

-- How far each key's bucket is spent. A key without a row was never used.
create table api_key_buckets (
    key_id      text primary key references api_keys (id) on delete cascade,
    spent_until integer not null                    -- Unix nanoseconds
) strict, without rowid;

-- Uses by the day.
create table api_key_usage (
    key_id  text not null references api_keys (id) on delete cascade,
    day     integer not null,                       -- days since 1970, UTC
    used    integer not null,
    limited integer not null,                       -- refused, since the bucket was empty
    primary key (key_id, day)
) strict, without rowid;
create index api_key_usage_by_day on api_key_usage (day);
