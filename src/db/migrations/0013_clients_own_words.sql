-- What clients call their resources, how they prove themselves, and what devices do not bind.

-- JSON arrays: how the client spelled those of its resources that it calls by another name than the registered one.
alter table authorization_requests add column spelled text not null default '[]';
alter table authorization_codes add column spelled text not null default '[]';
alter table grants add column spelled text not null default '[]';

-- Whether a client with a secret may show it in the header or in the form, since nobody said which; until now each could.
alter table clients add column either_way integer not null default 0;
update clients set either_way = 1 where auth_method = 'client_secret_basic';

-- Tokens of a device are bound when it fetches them (RFC 9449 §5), not when it begins to wait.
alter table device_requests drop column jkt;
