import type { Migration } from './migration.ts';

// What changes the months of the processed events needs to own their table. These functions do that one thing with the rights
// of whoever migrates, so that receivers and workers can have a role that only reads and writes rows. Processes of the version
// before change the table by themselves, as its owner, and go on.
export const partitionFunctions: Migration = {
  id: 12,
  name: 'partition-functions',
  statements: [
    // Attaching locks the whole for reading only; what went to the default partition before is moved.
    `create function landfall.make_processed_month(wanted timestamp with time zone) returns text
      language plpgsql security definer set search_path = pg_catalog, pg_temp
      as $function$
      declare
        began timestamp with time zone := date_trunc('month', wanted at time zone 'UTC') at time zone 'UTC';
        ended timestamp with time zone :=
          (date_trunc('month', wanted at time zone 'UTC') + interval '1 month') at time zone 'UTC';
        partition_name text := 'processed_' || to_char(wanted at time zone 'UTC', 'YYYY_MM');
      begin
        if wanted is null or ended <= now() or began > now() + interval '1 year' then
          raise exception 'a month is made from the present one on, and for a year at most';
        end if;
        execute format(
          'create table landfall.%I (like landfall.processed including defaults, primary key (source, event_id))', partition_name);
        lock table landfall.processed_default in access exclusive mode;
        execute format(
          'with moved as (
            delete from landfall.processed_default where first_at >= %L and first_at < %L returning *
          ) insert into landfall.%I select * from moved', began, ended, partition_name);
        execute format(
          'alter table landfall.processed attach partition landfall.%I for values from (%L) to (%L)', partition_name, began, ended);
        return partition_name;
      end
      $function$`,
    // Nothing but a month that is long over, and in which nothing is open; false where it is not dropped.
    `create function landfall.drop_processed_month(partition_name text) returns boolean
      language plpgsql security definer set search_path = pg_catalog, pg_temp
      as $function$
      declare
        ended timestamp with time zone;
        is_open boolean;
      begin
        select substring(pg_get_expr(c.relpartbound, c.oid) from $bound$TO \\('([^']+)'\\)$bound$)::timestamptz into ended
          from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'landfall.processed'::regclass and c.relname = partition_name;
        if ended is null then
          return false;
        end if;
        if ended > now() - interval '60 days' then
          raise exception 'a month is kept for 60 days after its end';
        end if;
        execute format('lock table landfall.%I in access exclusive mode', partition_name);
        execute format('select exists (select from landfall.%I where dead_letter_open or not complete)', partition_name)
          into is_open;
        if is_open then
          return false;
        end if;
        execute format('drop table landfall.%I', partition_name);
        return true;
      end
      $function$`,
    `revoke all on function landfall.make_processed_month, landfall.drop_processed_month from public`,
  ],
};
