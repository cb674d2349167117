import type { RedisServer } from './server.ts';

export const version = '7.4.2';

/** What `INFO` tells, all of it or one section. */
export function information(server: RedisServer, wanted: string): string {
  const { store, clients, startedAt } = server;
  const leader = server.hooks.leader();
  const replicas = [...clients].filter((one) => one.isReplica);
  const seconds = Math.floor((store.now - startedAt) / 1000);
  const keys = store.keys();
  const expiring = keys.filter((key) => store.deadline(key) !== undefined).length;
  const sections: Readonly<Record<string, readonly string[]>> = {
    Server: [
      `redis_version:${version}`,
      'redis_mode:standalone',
      'os:Linux',
      'process_id:1',
      'tcp_port:6379',
      `uptime_in_seconds:${seconds}`,
    ],
    Clients: [`connected_clients:${clients.size - replicas.length}`, 'blocked_clients:0'],
    Memory: ['used_memory:1048576', 'used_memory_human:1.00M', 'maxmemory:0'],
    Persistence: ['loading:0', 'rdb_last_bgsave_status:ok', 'aof_enabled:0'],
    Stats: [`total_commands_processed:${server.commands}`],
    Replication:
      leader === undefined
        ? [
            'role:master',
            `connected_slaves:${replicas.length}`,
            ...replicas.map(
              ({ name }, index) =>
                `slave${index}:ip=${name.replace(/:\d+$/, '')},port=6379,state=online,offset=${server.offset},lag=0`,
            ),
            `master_replid:${server.replicationId}`,
            `master_repl_offset:${server.offset}`,
          ]
        : [
            'role:slave',
            `master_host:${leader.host}`,
            `master_port:${leader.port}`,
            `master_link_status:${leader.isUp ? 'up' : 'down'}`,
            'slave_read_only:1',
            `connected_slaves:${replicas.length}`,
            `slave_repl_offset:${server.offset}`,
          ],
    Keyspace: keys.length === 0 ? [] : [`db0:keys=${keys.length},expires=${expiring},avg_ttl=0`],
  };
  const isAll = ['', 'all', 'default', 'everything'].includes(wanted);
  return Object.entries(sections)
    .filter(([name]) => isAll || name.toLowerCase() === wanted)
    .map(([name, lines]) => [`# ${name}`, ...lines].map((line) => `${line}\r\n`).join(''))
    .join('\r\n');
}
