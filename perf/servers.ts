import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Access, ApiClient } from './api-client.ts';
import { pinned, referenceProgram } from './programs.ts';

/** A server under measurement. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly access: Access;
  /** The roots of its process trees; empty when it is not ours, and then its CPU and memory are unknown. */
  readonly pids: readonly number[];
  readonly readyMs: number | undefined;
}

const startTimeoutMs = 60_000;

interface Started {
  readonly folder: string;
  readonly children: ChildProcess[];
}

function start(started: Started, command: readonly string[], stdout: 'pipe' | 'ignore'): ChildProcess {
  const [program = '', ...args] = pinned(command, 'server');
  const log = openSync(join(started.folder, 'log'), 'a');
  const child = spawn(program, args, { stdio: ['ignore', stdout === 'pipe' ? 'pipe' : log, log] });
  started.children.push(child);
  endWithUs(child);
  return child;
}

/** What a measurement started does not outlive it, however that ends. */
export function endWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  // A signal that nobody listens to ends a process without its 'exit'.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(1));
}

async function stop({ children, folder }: Started): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(killer);
  }
  rmSync(folder, { recursive: true, force: true });
}

function pidsOf({ children }: Started): number[] {
  return children.map((child) => child.pid ?? 0);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function newFolder(token: string): Started {
  const folder = mkdtempSync(join(tmpdir(), 'perf-'));
  writeFileSync(join(folder, 'tokens.csv'), `${token},perf,perf,"system:masters"\n`, { mode: 0o600 });
  return { folder, children: [] };
}

function readyUrl(child: ChildProcess, started: Started): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^ready (https:\S+)/m.exec(text);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      reject(
        new Error(`kubefacade ended with ${code}: ${readFileSync(join(started.folder, 'log'), 'utf8').slice(-500)}`),
      );
    });
  });
}

/** Our own server without controllers and nodes: what kube-apiserver and etcd are without a controller manager. */
async function startKubefacade(extra: readonly string[]): Promise<Server> {
  const token = randomBytes(16).toString('hex');
  const started = newFolder(token);
  const bin = fileURLToPath(new URL('../bin/kubefacade.mjs', import.meta.url));
  const begin = performance.now();
  const child = start(
    started,
    [
      process.execPath,
      bin,
      'start',
      `--data-dir=${join(started.folder, 'data')}`,
      '--secure-port=0',
      '--controllers=-*',
      '--nodes=0',
      `--token-auth-file=${join(started.folder, 'tokens.csv')}`,
      ...extra,
    ],
    'pipe',
  );
  const url = await readyUrl(child, started).catch(async (error: unknown) => {
    await stop(started);
    throw error;
  });
  const readyMs = performance.now() - begin;
  return {
    name: 'kubefacade',
    access: { url, token },
    pids: pidsOf(started),
    readyMs,
    [Symbol.asyncDispose]: () => stop(started),
  };
}

/** kube-apiserver and etcd as they come, on loopback, with a token file and a self-signed certificate. */
async function startReference(): Promise<Server> {
  const [apiserver, etcd] = [referenceProgram('kube-apiserver'), referenceProgram('etcd')];
  const token = randomBytes(16).toString('hex');
  const started = newFolder(token);
  const [port, clientPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const serviceAccountKey = join(started.folder, 'sa.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const begin = performance.now();
  start(
    started,
    [
      etcd,
      `--data-dir=${join(started.folder, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--log-level=error',
    ],
    'ignore',
  );
  start(
    started,
    [
      apiserver,
      `--etcd-servers=${etcdUrl}`,
      `--cert-dir=${join(started.folder, 'certs')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${serviceAccountKey}`,
      `--service-account-signing-key-file=${serviceAccountKey}`,
      `--token-auth-file=${join(started.folder, 'tokens.csv')}`,
      '--authorization-mode=Node,RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      // The load comes from one user: upstream's limits of requests in flight stay as they are.
    ],
    'ignore',
  );
  const access = { url: `https://127.0.0.1:${port}`, token };
  await untilReady(access, started);
  return {
    name: 'kube-apiserver + etcd',
    access,
    pids: pidsOf(started),
    readyMs: performance.now() - begin,
    [Symbol.asyncDispose]: () => stop(started),
  };
}

async function untilReady(access: Access, started: Started): Promise<void> {
  using client = new ApiClient(access, 1);
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const status = await client.send('GET', '/readyz').then(
      (answer) => answer.status,
      () => 0, // nothing listens yet
    );
    if (status === 200) return;
    const ended = started.children.find((child) => child.exitCode !== null);
    if (ended !== undefined || performance.now() > deadline) {
      const log = readFileSync(join(started.folder, 'log'), 'utf8').slice(-500);
      await stop(started);
      throw new Error(`the reference does not get ready: ${log}`);
    }
    await sleep(20);
  }
}

interface Kubeconfig {
  readonly clusters?: readonly { readonly cluster: { readonly server: string } }[];
  readonly users?: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** A server that runs already; the first cluster and user of the kubeconfig are taken. */
function fromKubeconfig(path: string): Server {
  const config = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const url = config.clusters?.[0]?.cluster.server;
  if (url === undefined) throw new Error(`${path} names no server`);
  const user = config.users?.[0]?.user ?? {};
  const inline = (data: string, file: string): string | undefined => {
    const [text, name] = [user[data], user[file]];
    if (text !== undefined) return Buffer.from(text, 'base64').toString();
    return name === undefined ? undefined : readFileSync(name, 'utf8');
  };
  const cert = inline('client-certificate-data', 'client-certificate');
  const key = inline('client-key-data', 'client-key');
  const token = user['token'];
  return {
    name: path,
    access: {
      url: url.replace(/\/$/, ''),
      ...(token === undefined ? {} : { token }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    },
    pids: [],
    readyMs: undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** `kubefacade`, `reference`, or the path of a kubeconfig. */
export async function openServer(what: string, extra: readonly string[]): Promise<Server> {
  if (what === 'kubefacade') return startKubefacade(extra);
  if (what === 'reference') return startReference();
  return fromKubeconfig(what);
}
