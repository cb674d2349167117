import type { Program } from '../../process.ts';
import { type Image, lazily } from '../image.ts';

type Servers = typeof import('./servers.ts');
type Named = { [Name in keyof Servers]: Servers[Name] extends Program ? Name : never }[keyof Servers];

const program = (name: Named): Program => lazily(async () => (await import('./servers.ts'))[name] as Program);
const sql = (port: number, options: readonly string[]): Program =>
  lazily(async () => (await import('./servers.ts')).sqlClient(port, options));

/** A script before the server: it looks at the environment, which the server of ours does itself. */
function withEntrypoint(path: string, server: Program, programs: Readonly<Record<string, Program>>): Image {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const entrypoint: Program = (context) => {
    const [first = name, ...rest] = context.args.slice(1);
    return context.become({ args: first.startsWith('-') ? [name, first, ...rest] : [first, ...rest] });
  };
  const script = '/usr/local/bin/docker-entrypoint.sh';
  return { entrypoint: [script], command: [name], programs: { [script]: entrypoint, [path]: server, ...programs } };
}

const mysqlPrograms = { '/usr/bin/mysqladmin': program('mysqlAdmin'), '/usr/bin/mysql': sql(3306, ['-P', '--port']) };
const mysql = withEntrypoint('/usr/sbin/mysqld', program('mysql'), mysqlPrograms);
const mariadb = withEntrypoint('/usr/sbin/mariadbd', program('mysql'), {
  ...mysqlPrograms,
  '/usr/bin/mariadb-admin': program('mysqlAdmin'),
  '/usr/bin/mariadb': sql(3306, ['-P', '--port']),
});
const postgres = withEntrypoint('/usr/lib/postgresql/bin/postgres', program('postgres'), {
  '/usr/bin/pg_isready': program('postgresIsReady'),
  '/usr/bin/psql': sql(5432, ['-p', '--port']),
});
const mongo = withEntrypoint('/usr/bin/mongod', program('mongo'), {
  '/usr/bin/mongosh': program('mongoShell'),
  '/usr/bin/mongo': program('mongoShell'),
});
const memcached = lazily(async () => (await import('./memcached.ts')).memcached);

export const databaseImages: Readonly<Record<string, Image>> = {
  mysql,
  'mysql-server': mysql,
  mariadb,
  postgres: {
    ...postgres,
    environment: {
      PATH: '/usr/lib/postgresql/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PGDATA: '/var/lib/postgresql/data',
    },
  },
  mongo,
  memcached: withEntrypoint('/usr/local/bin/memcached', memcached, {}),
};
