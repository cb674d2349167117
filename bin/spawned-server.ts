import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const launcher = join(import.meta.dirname, 'kubefacade.mjs');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A program of ours that was started, ready or not. */
export interface SpawnedProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function spawnProgram(...args: readonly string[]): SpawnedProcess {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // Nobody may read it, and a program ends once it has ended.
  child.stdout.resume();
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }) as Ended);
  return { child, ended };
}

export interface SpawnedServer extends SpawnedProcess {
  readonly url: string;
  readonly port: number;
  readonly agent: Agent;
  open(method: string, path: string, body?: unknown): ClientRequest;
  ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: string }>;
  stop(): Promise<Ended>;
}

interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function credentialsOf(kubeconfig: string): Promise<Credentials> {
  const text = await readFile(kubeconfig, 'utf8');
  const field = (name: string) =>
    Buffer.from(new RegExp(`${name}: "?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64');
  return {
    ca: field('certificate-authority-data'),
    cert: field('client-certificate-data'),
    key: field('client-key-data'),
  };
}

/** `kubefacade start` on a free port of loopback; resolves when it is ready, rejects with its own words when it ends before. */
export async function spawnServer(dataDir: string, ...args: readonly string[]): Promise<SpawnedServer> {
  const { child, ended } = spawnProgram('start', '--data-dir', dataDir, '--secure-port', '0', ...args);
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ready = (async () => {
    for await (const line of lines) {
      const found = /^ready (https:\/\/\S+:(\d+)) kubeconfig=(.+)$/.exec(line);
      if (found !== null) return { url: found[1] ?? '', port: Number(found[2]), kubeconfig: found[3] ?? '' };
    }
    const { code, signal, stderr } = await ended;
    throw new Error(`ended before it was ready (${code ?? signal}): ${stderr}`);
  })();
  const { url, port, kubeconfig } = await ready;
  child.stdout?.resume();
  const credentials = await credentialsOf(kubeconfig);
  const agent = new Agent({ keepAlive: true, ...credentials });
  const open = (method: string, path: string, body?: unknown): ClientRequest => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined
        ? {}
        : {
            'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
            'content-length': Buffer.byteLength(text),
          };
    const req = request(`${url}${path}`, { method, agent, headers });
    req.end(text);
    return req;
  };
  return {
    child,
    ended,
    url,
    port,
    agent,
    open,
    ask: async (method, path, body) => {
      const [res] = (await once(open(method, path, body), 'response')) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of res as AsyncIterable<Buffer>) chunks.push(chunk);
      return { status: res.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
    },
    stop: async () => {
      child.kill('SIGTERM');
      agent.destroy();
      return ended;
    },
  };
}
