-- Two roles for Landfall's database. landfall_owner owns the tables and changes them: "landfall migrate" runs as it, before
-- each new version. landfall_app reads and writes rows and nothing else: receivers and workers run as it.
--
-- Run it on that database as a superuser, or as its owner with the right to create roles:
--   psql "$ADMIN_URL" --file docs/database-roles.sql
--   psql "$ADMIN_URL" --command '\password landfall_owner' --command '\password landfall_app'
-- It can be run again at any time, and takes over tables that another role has made.

do $$ begin
  if not exists (select from pg_roles where rolname = 'landfall_owner') then
    create role landfall_owner login nosuperuser nocreatedb nocreaterole;
  end if;
  if not exists (select from pg_roles where rolname = 'landfall_app') then
    create role landfall_app login nosuperuser nocreatedb nocreaterole;
  end if;
  -- Without it, only a superuser may give a schema to another role.
  execute format('grant landfall_owner to %I', current_user);
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to landfall_owner, landfall_app', current_database());
end $$;

create schema if not exists landfall authorization landfall_owner;

do $$ declare command text; begin
  alter schema landfall owner to landfall_owner;
  for command in
    select format('alter table landfall.%I owner to landfall_owner', relname) from pg_class
      where relnamespace = 'landfall'::regnamespace and relkind in ('r', 'p')
    union all
    select format('alter function %s owner to landfall_owner', oid::regprocedure) from pg_proc
      where pronamespace = 'landfall'::regnamespace
  loop
    execute command;
  end loop;
end $$;

grant usage on schema landfall to landfall_app;
grant select, insert, update, delete on all tables in schema landfall to landfall_app;
grant execute on all functions in schema landfall to landfall_app;

-- The same of what comes with later versions, and of each new month of processed events.
alter default privileges for role landfall_owner in schema landfall
  grant select, insert, update, delete on tables to landfall_app;
alter default privileges for role landfall_owner in schema landfall
  grant execute on functions to landfall_app;
