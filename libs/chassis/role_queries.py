"""What PostgreSQL's catalogues say about roles, databases and their objects. Any user may ask.

Roles are given as identifiers of SQL, see `quoted`, where a type is named.
"""

from libs.chassis.database_roles import FORBIDDEN_ATTRIBUTES

ATTRIBUTES = f"select {', '.join(FORBIDDEN_ATTRIBUTES)}, rolcanlogin from pg_roles where rolname = $1"  # noqa: S608 - constants
MEMBER_OF = """
select pg_get_userbyid(roleid) as granted, pg_get_userbyid(grantor) as grantor from pg_auth_members
where member = $1::text::regrole
"""
MEMBERS = """
select pg_get_userbyid(member) as member, pg_get_userbyid(grantor) as grantor from pg_auth_members m
where roleid = $1::text::regrole and coalesce(
    (to_jsonb(m) ->> 'inherit_option')::boolean or (to_jsonb(m) ->> 'set_option')::boolean, true)
"""
"""Who may do what a role may: PostgreSQL 16 and newer know members that may only pass it on."""
OWNER = "select pg_get_userbyid(datdba) from pg_database where datname = $1"
GRANTED = """
select pg_get_userbyid(nullif(acl.grantee, 0)) as role, acl.privilege_type as privilege
from pg_database d cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) acl
where datname = $1 and acl.grantee <> datdba
"""
"""What others than its owner were granted on a database; the role is null where it is everybody."""
_OURS = """
ours as (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
"""
UNREADABLE = f"""
with {_OURS}
select format('usage on schema %I', nspname) as privilege from pg_namespace
where oid in (select oid from ours) and not has_schema_privilege($1::text, oid, 'usage')
union all
select format('select on table %s', oid::regclass) from pg_class
where relnamespace in (select oid from ours) and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  and not has_table_privilege($1::text, oid, 'select')
"""  # noqa: S608 - constants
"""The privileges that a role, given as text, lacks to read all of a database, as `GRANT` takes them."""
CHANGEABLE = f"""
with {_OURS}
select format('create on schema %I', nspname) as privilege from pg_namespace
where oid in (select oid from ours) and has_schema_privilege($1::text, oid, 'create')
union all
select format('all on sequence %s', oid::regclass) from pg_class
where relnamespace in (select oid from ours)
  and case relkind when 'S' then has_sequence_privilege($1::text, oid, 'usage, update') end
union all
select format('all on table %s', oid::regclass) from pg_class
where relnamespace in (select oid from ours) and relkind in ('r', 'p', 'v', 'm', 'f')
  and (has_table_privilege($1::text, oid, 'insert, update, delete, truncate, references, trigger')
       or has_any_column_privilege($1::text, oid, 'insert, update, references'))
"""  # noqa: S608 - constants
"""The privileges by which a role, given as text, may change what is in a database, as `REVOKE` takes them."""
READABLE_BY_DEFAULT = """
select defaclobjtype::text as kind from pg_default_acl cross join aclexplode(defaclacl) acl
where defaclrole = $1::text::regrole and defaclnamespace = 0 and acl.grantee = $2::text::regrole
"""
"""Of which kinds a role's future objects may be read by another one: r tables, S sequences, n schemas."""
FOREIGN_OBJECTS = f"""
with {_OURS}, foreign_objects as (
    select 'schema' as kind, quote_ident(nspname) as name from pg_namespace
    where nspowner <> $1::text::regrole and oid in (select oid from ours) and nspname <> 'public'
    union all
    select case relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
                        when 'f' then 'foreign table' else 'table' end, oid::regclass::text
    from pg_class c
    where relowner <> $1::text::regrole and relnamespace in (select oid from ours)
      and relkind in ('r', 'p', 'v', 'm', 'S', 'f') and not exists (
          select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
          and (d.deptype = 'e' or c.relkind = 'S' and d.deptype in ('a', 'i')))
    union all
    select 'routine', oid::regprocedure::text from pg_proc p
    where proowner <> $1::text::regrole and pronamespace in (select oid from ours) and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    union all
    select 'type', t.oid::regtype::text from pg_type t left join pg_class c on c.oid = t.typrelid
    where typowner <> $1::text::regrole and typnamespace in (select oid from ours) and typcategory <> 'A'
      and (typtype in ('e', 'd', 'r') or c.relkind = 'c') and not exists (
        select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
)
select kind, name from foreign_objects
"""  # noqa: S608 - constants
"""The objects of a database that do not belong to the role $1, but for those of extensions.

The sequence of an identity column, an index and an array type follow what they belong to."""
REACHES = """
select datname from pg_database
where datallowconn and datname <> current_database() and has_database_privilege(oid, 'connect')
  and pg_get_userbyid(datdba) <> current_user
  and datdba <> (select datdba from pg_database where datname = current_database())
order by datname
"""
"""The databases that the current role may connect to, and that neither it owns nor this database's owner."""
OPEN_DATABASES = """
select datname from pg_database
where datallowconn and datname <> all($1::text[]) and exists (
    select from aclexplode(coalesce(datacl, acldefault('d', datdba))) acl
    where acl.grantee = 0 and acl.privilege_type = 'CONNECT')
order by datname
"""
"""The databases, but for those named, to which everybody may connect."""
NAMED_BY_OTHERS = """
select distinct datname from pg_database cross join aclexplode(datacl) acl
where acl.grantee = $1::text::regrole and datdba <> $2::text::regrole and datname <> all($3::text[])
"""
"""The databases on which a role was granted something by its name, but for those named and those of $2."""
