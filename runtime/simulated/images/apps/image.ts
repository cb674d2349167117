import type { Program } from '../../process.ts';
import { type Image, lazily } from '../image.ts';

type Hostnames = typeof import('./hostname-apps.ts');
type Echoes = typeof import('./echo-servers.ts');
type Gateways = typeof import('./gateway-apps.ts');
type Small = typeof import('./small-programs.ts');

const hostnameApp = (name: keyof Hostnames): Program => lazily(async () => (await import('./hostname-apps.ts'))[name]);
const echo = (name: keyof Echoes): Program => lazily(async () => (await import('./echo-servers.ts'))[name]);
const gateway = (name: keyof Gateways): Program => lazily(async () => (await import('./gateway-apps.ts'))[name]);
const small = (name: keyof Small): Program => lazily(async () => (await import('./small-programs.ts'))[name]);

const app = (path: string, program: Program, image: Image = {}): Image => ({
  entrypoint: [path],
  programs: { [path]: program },
  ...image,
});
const nodeApp = (name: keyof Hostnames): Image => {
  const program = hostnameApp(name);
  return { entrypoint: ['node', 'app.js'], programs: { '/usr/local/bin/node': program } };
};
const python = small('python');
const stress = lazily(async () => (await import('./stress.ts')).stress);
const consumer = lazily(async () => (await import('./resource-consumer.ts')).resourceConsumer);

/** Apps of tutorials and tests, by the last part of their images' names. */
export const appImages: Readonly<Record<string, Image>> = {
  kubia: nodeApp('kubia'),
  'kubia-unhealthy': nodeApp('unhealthy'),
  unhealthy: nodeApp('unhealthy'),
  'kubia-pet': nodeApp('kubiaPet'),
  'batch-job': app('/main.sh', small('batchJob')),
  'kubernetes-bootcamp': { ...app('/usr/local/bin/node', hostnameApp('bootcamp')), command: ['server.js'] },
  'hello-app': app('/hello-app', hostnameApp('helloApp')),
  'node-hello': app('/usr/local/bin/node', hostnameApp('nodeHello')),
  'hpa-example': app('/usr/local/bin/apache2-foreground', hostnameApp('hpaExample')),
  stress: app('/usr/local/bin/stress', stress),
  'resource-consumer': app('/consumer', consumer),
  'http-echo': app('/http-echo', echo('httpEcho'), { hasShell: false }),
  echoserver: app('/usr/local/bin/run.sh', echo('echoServer')),
  'echo-server': app('/usr/local/bin/node', echo('jsonEcho')),
  'http-https-echo': app('/usr/local/bin/node', echo('requestEcho')),
  whoami: app('/whoami', echo('whoami'), { hasShell: false }),
  httpbin: app('/usr/local/bin/gunicorn', gateway('httpbin')),
  'go-httpbin': app('/bin/go-httpbin', gateway('httpbin'), { hasShell: false }),
  podinfo: { command: ['./podinfo'], workingDir: '/home/app', programs: { '/home/app/podinfo': gateway('podinfo') } },
  'hello-go-gke': app('/app', gateway('helloBackend')),
  'hello-frontend': app('/usr/sbin/nginx', gateway('helloFrontend')),
  nonewprivs: { command: ['nnp'], programs: { '/usr/local/bin/nnp': small('noNewPrivileges') } },
  'hello-world': app('/hello', small('helloWorld'), { hasShell: false }),
  perl: { command: ['perl', '-de0'], programs: { '/usr/local/bin/perl': small('perl') } },
  python: { command: ['python3'], programs: { '/usr/local/bin/python3': python, '/usr/local/bin/python': python } },
};
