-- Whence strangers come, so that a flood from one place is met at that place.

-- Clients that came by themselves: by which network, an address or the first 48 bits of an IPv6 one.
create table client_arrivals (
    client_id text primary key references clients (id) on delete cascade,
    network   text not null,
    came_at   integer not null
) strict, without rowid;
create index client_arrivals_by_network on client_arrivals (network, came_at);
create index client_arrivals_by_age on client_arrivals (came_at);

-- Requests that wait: by which network, and 1 when nobody here uses the client.
alter table authorization_requests add column network text not null default '';
alter table authorization_requests add column stranger integer not null default 0;
create index authorization_requests_by_network on authorization_requests (stranger, network);
alter table pushed_requests add column network text not null default '';
alter table pushed_requests add column stranger integer not null default 0;
alter table pushed_requests add column size integer not null default 0;    -- bytes of its parameters
create index pushed_requests_by_network on pushed_requests (stranger, network);
