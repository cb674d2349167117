import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { lifetimeOf } from '../lifetime.ts';

/** What is known of a database that stays up, takes connections and speaks no protocol. */
interface DatabaseStyle {
  readonly port: number;
  /** One of these has to be set. */
  readonly wants: readonly string[];
  readonly complaint: string;
  readonly stream: 'stdout' | 'stderr';
  starting(context: ProgramContext): readonly string[];
  ending(context: ProgramContext): readonly string[];
}

function database(style: DatabaseStyle): Program {
  return (context) => {
    const { environment, network, stderr } = context;
    const isSet = style.wants.length === 0 || style.wants.some((name) => (environment.get(name) ?? '') !== '');
    if (!isSet) {
      stderr.write(style.complaint);
      return 1;
    }
    const write = (lines: readonly string[]): void =>
      context[style.stream].write(lines.map((line) => `${line}\n`).join(''));
    const listener = network.listen(style.port, ({ stream }) => {
      stream.on('error', () => undefined);
      stream.resume();
      stream.once('end', () => stream.end());
    });
    write(style.starting(context));
    return lifetimeOf(context, [listener], (end) => {
      write(style.ending(context));
      end(0);
    }).ended;
  };
}

const isoTime = ({ clock }: ProgramContext): string => new Date(clock.now()).toISOString();
const plainTime = (context: ProgramContext): string => isoTime(context).slice(0, 23).replace('T', ' ');

export const mysql = database({
  port: 3306,
  wants: [
    'MYSQL_ROOT_PASSWORD',
    'MYSQL_ALLOW_EMPTY_PASSWORD',
    'MYSQL_RANDOM_ROOT_PASSWORD',
    'MARIADB_ROOT_PASSWORD',
    'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD',
    'MARIADB_RANDOM_ROOT_PASSWORD',
  ],
  complaint:
    '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n',
  stream: 'stderr',
  starting: (context) => [
    `${isoTime(context)} 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.4.0) starting as process ${context.pid}`,
    `${isoTime(context)} 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.4.0'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.`,
  ],
  ending: (context) => [
    `${isoTime(context)} 0 [System] [MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete (mysqld 8.4.0)  MySQL Community Server - GPL.`,
  ],
});

export const postgres = database({
  port: 5432,
  wants: ['POSTGRES_PASSWORD', 'POSTGRES_PASSWORD_FILE', 'POSTGRES_HOST_AUTH_METHOD'],
  complaint:
    'Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".\n',
  stream: 'stderr',
  starting: (context) => [
    `${plainTime(context)} UTC [${context.pid}] LOG:  listening on IPv4 address "0.0.0.0", port 5432`,
    `${plainTime(context)} UTC [${context.pid}] LOG:  database system is ready to accept connections`,
  ],
  ending: (context) => [
    `${plainTime(context)} UTC [${context.pid}] LOG:  received fast shutdown request`,
    `${plainTime(context)} UTC [${context.pid}] LOG:  database system is shut down`,
  ],
});

export const mongo = database({
  port: 27_017,
  wants: [],
  complaint: '',
  stream: 'stdout',
  starting: (context) => [
    `{"t":{"$date":"${isoTime(context)}"},"s":"I","c":"CONTROL","id":4615611,"ctx":"initandlisten","msg":"MongoDB starting","attr":{"pid":${context.pid},"port":27017,"host":"${context.facts.hostname}"}}`,
    `{"t":{"$date":"${isoTime(context)}"},"s":"I","c":"NETWORK","id":23016,"ctx":"listener","msg":"Waiting for connections","attr":{"port":27017,"ssl":"off"}}`,
  ],
  ending: (context) => [
    `{"t":{"$date":"${isoTime(context)}"},"s":"I","c":"CONTROL","id":23138,"ctx":"SignalHandler","msg":"Shutting down","attr":{"exitCode":0}}`,
  ],
});

/** Asks whether somebody takes connections; the client programs of databases know no more. */
function client(
  port: number,
  options: readonly string[],
  says: (isUp: boolean, context: ProgramContext, where: string) => number,
): Program {
  return async (context) => {
    const { args, network, killed } = context;
    const optionOf = (names: readonly string[]): string | undefined => {
      const at = args.findIndex((word) => names.some((name) => word === name || word.startsWith(`${name}=`)));
      return at < 0 ? undefined : (args[at]?.split('=')[1] ?? args[at + 1]);
    };
    const { resolveAddress, LookupError } = await import('../resolve.ts');
    const host = optionOf(['-h', '--host']) ?? '127.0.0.1';
    const number = Number(optionOf(options) ?? port);
    let isUp = true;
    try {
      const { stream } = await network.connect(await resolveAddress(context, host, number), {
        signal: killed,
        timeoutMs: 3000,
      });
      stream.destroy();
    } catch (error) {
      if (!(error instanceof NetworkError || error instanceof LookupError)) throw error;
      isUp = false;
    }
    return says(isUp, context, `${host}:${number}`);
  };
}

export const postgresIsReady = client(5432, ['-p', '--port'], (isUp, { stdout }, where) => {
  stdout.write(`${where} - ${isUp ? 'accepting connections' : 'no response'}\n`);
  return isUp ? 0 : 2;
});

export const mysqlAdmin = client(3306, ['-P', '--port'], (isUp, { stdout, stderr }, where) => {
  if (isUp) stdout.write('mysqld is alive\n');
  else stderr.write(`mysqladmin: connect to server at '${where.replace(/:\d+$/, '')}' failed\n`);
  return isUp ? 0 : 1;
});

/** Knows `SELECT 1`, as probes ask it, and no other SQL. */
export const sqlClient = (port: number, options: readonly string[]): Program =>
  client(port, options, (isUp, { args, stdout, stderr }) => {
    if (!isUp) {
      stderr.write('ERROR 2002 (HY000): cannot connect to the server\n');
      return 1;
    }
    if (!/\bselect\s+1\b/i.test(args.join(' '))) {
      stderr.write('ERROR 1105 (HY000): this simulated server knows no SQL but SELECT 1\n');
      return 1;
    }
    stdout.write('1\n1\n');
    return 0;
  });

export const mongoShell = client(27_017, ['--port'], (isUp, { args, stdout, stderr }) => {
  if (!isUp) {
    stderr.write('MongoNetworkError: connect ECONNREFUSED\n');
    return 1;
  }
  if (/ping|hello|isMaster/i.test(args.join(' '))) stdout.write('{ ok: 1 }\n');
  return 0;
});
