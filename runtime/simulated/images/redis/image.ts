import type { Program } from '../../process.ts';
import { type Image, lazily } from '../image.ts';

const server = lazily(async () => (await import('./program.ts')).redisServer);
const cli = lazily(async () => (await import('./cli.ts')).redisCli);
const frontend = lazily(async () => (await import('./frontend.ts')).guestbookFrontend);

const programs = { '/usr/local/bin/redis-server': server, '/usr/local/bin/redis-cli': cli };

/** The official image's script: what begins with a dash is for the server. */
const entrypoint: Program = (context) => {
  const [first = '', ...rest] = context.args.slice(1);
  const args = first.startsWith('-') || first.endsWith('.conf') ? ['redis-server', first, ...rest] : [first, ...rest];
  return context.become({ args });
};

const redis: Image = {
  entrypoint: ['/usr/local/bin/docker-entrypoint.sh'],
  command: ['redis-server'],
  workingDir: '/data',
  programs: { ...programs, '/usr/local/bin/docker-entrypoint.sh': entrypoint },
  files: (tree) => tree.makeDirectory('/data'),
};

/** The guestbook's follower: finds its leader by the environment when that says so. */
const run: Program = (context) => {
  const { environment } = context;
  const names = ['redis-leader', 'redis-master'];
  const hosts = names.map((name) => environment.get(`${name.replaceAll('-', '_').toUpperCase()}_SERVICE_HOST`));
  const host = environment.get('GET_HOSTS_FROM') === 'env' ? hosts.find((one) => one !== undefined) : undefined;
  const known = hosts[0] === undefined && hosts[1] !== undefined ? 'redis-master' : 'redis-leader';
  return context.become({ args: ['redis-server', '--slaveof', host ?? known, '6379'] });
};

const follower: Image = { command: ['/run.sh'], programs: { ...programs, '/run.sh': run } };
const front: Image = { command: ['apache2-foreground'], programs: { '/usr/local/bin/apache2-foreground': frontend } };

export const redisImages: Readonly<Record<string, Image>> = {
  redis,
  valkey: redis,
  'gb-redisslave': follower,
  'gb-redis-follower': follower,
  'gb-redisfollower': follower,
  'gb-frontend': front,
};
