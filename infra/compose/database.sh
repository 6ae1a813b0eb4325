#!/bin/sh
# Runs once, in the container of a new database: the gateway's login may read and write, and own nothing.
set -eu
password=$(cat /run/secrets/app-password)
psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=password="$password" \
  --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
create role app login password :'password';
revoke all on schema public from public;
grant usage on schema public to app;
alter default privileges in schema public grant select, insert, update, delete on tables to app;
alter default privileges in schema public grant usage, select on sequences to app;
create table customers (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null,
  ssn text not null
);
insert into customers (name, email, ssn) values ('Ada', 'ada@example.com', '123-45-6789');
SQL
