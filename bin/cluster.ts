import { readFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Catalog } from '../api/catalog.ts';
import type { ProtobufDocument } from '../api/protobuf/decode.ts';
import type { SchemaDocument } from '../api/schema/schema.ts';
import { type Handle, rawRequestOf } from '../server/http/app.ts';
import { createHealth } from '../server/http/health.ts';
import type { ApiRequest } from '../server/http/message.ts';
import { admitAll } from '../server/registry/context.ts';
import type { UserInfo } from '../server/registry/strategy.ts';
import { createHandle, openServer } from '../server/server.ts';
import type { ObjectStore } from '../server/storage/store.ts';
import type { Pki } from '../server/tls/pki.ts';
import { servesGroupVersion, type StartOptions } from './options.ts';
import { systemClock, systemRandom } from './system.ts';

export interface Generated {
  readonly catalog: Catalog;
  readonly schema: SchemaDocument;
  readonly protobuf: ProtobufDocument;
}

async function readGenerated<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(`../api/generated/${name}`, import.meta.url), 'utf8')) as T;
}

export async function loadGenerated(): Promise<Generated> {
  const [catalog, schema, protobuf] = await Promise.all([
    readGenerated<Catalog>('resources.json'),
    readGenerated<SchemaDocument>('schema.json'),
    readGenerated<ProtobufDocument>('protobuf.json'),
  ]);
  return { catalog, schema, protobuf };
}

export interface ClusterOptions {
  readonly options: StartOptions;
  readonly generated: Generated;
  readonly pki: Pki;
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly securePort: number;
  readonly advertiseAddress: string;
}

const well = (name: string) => ({ name, failure: () => undefined });

function userOfCertificate(request: ApiRequest): UserInfo | undefined {
  const socket = rawRequestOf(request)?.socket as TLSSocket | undefined;
  if (socket === undefined || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  const groups = Array.isArray(subject.O) ? subject.O : [subject.O ?? ''];
  return { username: String(subject.CN), groups: [...groups, 'system:authenticated'] };
}

export async function createClusterHandle(cluster: ClusterOptions): Promise<{ readonly handle: Handle; close(): Promise<void> }> {
  const { options, generated, pki, store, log } = cluster;
  const { catalog } = generated;
  const enabled = new Set(catalog.groupVersions.filter((gv) => servesGroupVersion(options.runtimeConfig, gv)).map((gv) => `${gv.group}/${gv.version}`));
  const parts = await openServer({
    store, log, ...generated,
    clock: systemClock,
    random: systemRandom,
    isServed: (group, version) => enabled.has(`${group}/${version}`),
    serviceClusterIPRange: options.serviceClusterIPRange,
    serviceNodePortRange: options.serviceNodePortRange,
    eventTtlMs: options.eventTtlMs,
    minRequestTimeoutSeconds: options.minRequestTimeoutSeconds,
    bootstrap: { securePort: cluster.securePort, advertiseAddress: cluster.advertiseAddress, extensionAuthentication: { 'client-ca-file': pki.ca.certificate } },
  });
  const health = createHealth({ healthz: [well('ping'), well('etcd')], livez: [well('ping'), well('etcd')], readyz: [well('ping'), well('etcd')] });
  const handle = createHandle(parts, {
    log,
    authenticate: userOfCertificate,
    isPublic: (path) => /^\/(healthz|livez|readyz|version)(\/|$)/.test(path),
    nonResource: (call) => health(call),
    virtual: new Map(),
    admission: () => admitAll,
  });
  return { handle, close: async () => undefined };
}
