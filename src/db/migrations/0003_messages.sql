-- Messages on their way out, the phone numbers and addresses that codes go to, and the codes themselves.

-- The outbox. A message is written in the transaction that decided to send it, and sent afterwards.
create table messages (
    id            text primary key,
    kind          text not null,
    carrier       text not null check (carrier in ('twilio', 'sendgrid', 'smtp', 'console')),
    recipient     text not null,                    -- phone number or address
    body_sealed   blob,                             -- what is said; null as soon as nobody has to read it again
    template      text,                             -- the carrier's own template, where one fills the text in
    state         text not null
                  check (state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'expired')),
    tries         integer not null default 0,       -- counts the claims; the newest one alone may settle
    next_at       integer not null,                 -- not before this
    claimed_at    integer,                          -- when a process took it in order to send it
    vendor_id     text,                             -- what the carrier calls it
    vendor_answer text,                             -- what the carrier said, without anything secret
    user_id       text references users (id) on delete set null,
    created_at    integer not null,
    expires_at    integer not null,                 -- of no use after this
    finished_at   integer
) strict, without rowid;
create index messages_due on messages (state, carrier, next_at);
create index messages_by_user on messages (user_id);
create index messages_by_age on messages (created_at);

-- Where codes go to: a second factor by SMS or e-mail.
create table contacts (
    id           text primary key,
    user_id      text not null references users (id) on delete cascade,
    kind         text not null check (kind in ('sms', 'email')),
    value        text not null,                     -- E.164 number or address
    state        text not null check (state in ('pending', 'active')),
    created_at   integer not null,
    last_used_at integer
) strict, without rowid;
-- One that waits and one in force, of each kind.
create unique index contacts_by_user on contacts (user_id, kind, state);

-- Codes of six digits. Only the newest of a binding is there.
create table one_time_codes (
    id           text primary key,
    user_id      text not null references users (id) on delete cascade,
    contact_id   text not null references contacts (id) on delete cascade,
    purpose      text not null check (purpose in ('sign_in', 'enroll')),
    binding_hash blob not null,                     -- the sign-in or the session that asked
    code_hash    blob not null,                     -- keyed: six digits alone could be tried out
    message_id   text not null,
    tries        integer not null default 0,
    created_at   integer not null,
    expires_at   integer not null,
    used_at      integer
) strict, without rowid;
create unique index one_time_codes_by_binding
    on one_time_codes (user_id, purpose, contact_id, binding_hash);
create index one_time_codes_by_contact on one_time_codes (contact_id);
create index one_time_codes_by_age on one_time_codes (expires_at);

-- How many messages went where in an hour or a day.
create table send_counts (
    scope     text not null,
    subject   text not null,
    starts_at integer not null,
    count     integer not null,
    primary key (scope, subject, starts_at)
) strict, without rowid;
create index send_counts_by_age on send_counts (starts_at);
