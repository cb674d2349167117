import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Catalog } from '../api/catalog.ts';
import type { DocumentIndex } from '../api/openapi.ts';
import type { ProtobufDocument } from '../api/protobuf/decode.ts';
import type { SchemaDocument } from '../api/schema/schema.ts';
import { servedOf } from '../api/served.ts';
import type { LocalNodes } from '../api/streams/node-connection.ts';
import { createAdmissionChain } from '../server/admission/chain.ts';
import { createAdmissionPlugins } from '../server/admission/default-plugins.ts';
import { ownerMapping } from '../server/admission/plugins/owner-references-permission-enforcement.ts';
import { authenticationData } from '../server/aggregation/authentication-config.ts';
import { isPublicPath } from '../server/auth/authenticator.ts';
import type { Dial } from '../server/dial.ts';
import type { ExtensionGateway } from '../server/extension/gateway.ts';
import { createAdmission } from '../server/http/admission.ts';
import type { Handle } from '../server/http/app.ts';
import { createAuthentication } from '../server/http/authentication.ts';
import { createDocuments } from '../server/http/documents.ts';
import { guardAdmission } from '../server/http/guarded-admission.ts';
import type { ApiRequest } from '../server/http/message.ts';
import { createMetrics } from '../server/http/metrics.ts';
import type { ExtraDocument } from '../server/http/openapi.ts';
import { createVirtualResources } from '../server/http/virtual.ts';
import { createLocalClient } from '../server/local-client.ts';
import { createLocalConnection, type LocalRequest } from '../server/local-request.ts';
import { createExpiry } from '../server/registry/expiry.ts';
import { createClusterRewriter, selfUser } from '../server/registry/local-access.ts';
import type { UserInfo } from '../server/registry/strategy.ts';
import { createHandle, openServer } from '../server/server.ts';
import { createCompactor } from '../server/storage/compactor.ts';
import type { ObjectStore } from '../server/storage/store.ts';
import type { Identity } from '../server/tls/identity.ts';
import { readAdmissionConfiguration } from './admission-configuration.ts';
import { openAggregation } from './aggregation.ts';
import { openAuthorization } from './authorization.ts';
import { createClusterClient } from './cluster-client.ts';
import { openControllers } from './controllers.ts';
import { openExtension } from './extension.ts';
import { openFlowControl } from './flow-control.ts';
import { openGate, requestHeaderConfigOf } from './gate.ts';
import { runsController, type StartOptions, servesGroupVersion } from './options.ts';
import { openPolicies, openTypeChecking } from './policies.ts';
import { createRuntimeMetrics } from './runtime-metrics.ts';
import { systemClock, systemRandom } from './system.ts';
import { openUsageMetrics } from './usage-metrics.ts';
import { openWebhooks } from './webhooks.ts';

export interface Generated {
  readonly catalog: Catalog;
  readonly schema: SchemaDocument;
  protobuf(): ProtobufDocument;
}

const generatedFolder = new URL('../api/generated/', import.meta.url);

async function readGenerated<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, generatedFolder), 'utf8')) as T;
}

export async function loadGenerated(): Promise<Generated> {
  const [catalog, schema] = await Promise.all([
    readGenerated<Catalog>('resources.json'),
    readGenerated<SchemaDocument>('schema.json'),
  ]);
  const protobuf = (): ProtobufDocument =>
    JSON.parse(readFileSync(new URL('protobuf.json', generatedFolder), 'utf8')) as ProtobufDocument;
  return { catalog, schema, protobuf };
}

export interface ClusterOptions {
  readonly options: StartOptions;
  readonly generated: Generated;
  readonly identity: Identity;
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly securePort: number;
  readonly advertiseAddress: string;
}

export interface Cluster {
  readonly handle: Handle;
  /** Ends the pods of nodes that are to be given time. */
  shutDownNodes(): Promise<void>;
  close(): Promise<void>;
}

const noDocuments: readonly ExtraDocument[] = [];

function well(name: string): { name: string; failure(): undefined } {
  return { name, failure: () => undefined };
}

/** An address that leads to a listener of this machine. */
function reachable(bindAddress: string): string {
  if (bindAddress === '0.0.0.0') return '127.0.0.1';
  return bindAddress === '::' ? '::1' : bindAddress;
}

/** Each controller acts under its own name, as upstream's do with their service accounts' credentials. */
function serviceAccountOf(controller: string): UserInfo {
  if (controller === 'kubelet')
    return { username: 'system:node:kubefacade', groups: ['system:masters', 'system:authenticated'] };
  if (controller === 'kube-scheduler')
    return { username: 'system:kube-scheduler', groups: ['system:masters', 'system:authenticated'] };
  return {
    username: `system:serviceaccount:kube-system:${controller}`,
    groups: ['system:masters', 'system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  };
}

/** The API server and the parts that act on it, in one process. */
export async function openCluster(cluster: ClusterOptions): Promise<Cluster> {
  const { options, generated, identity, store, log } = cluster;
  const isOn = (gv: { readonly group: string; readonly version: string; readonly enabled: boolean }): boolean =>
    servesGroupVersion(options.runtimeConfig, gv);
  const served = servedOf(generated.catalog, isOn);
  const enabled = new Set(served.map((gv) => `${gv.group}/${gv.version}`));
  const authentication = authenticationData(identity.clientCa, requestHeaderConfigOf(options, identity));
  const parts = await openServer({
    store,
    log,
    ...generated,
    clock: systemClock,
    random: systemRandom,
    isServed: (group, version) => enabled.has(`${group}/${version}`),
    serviceClusterIPRange: options.serviceClusterIPRange,
    serviceNodePortRange: options.serviceNodePortRange,
    minRequestTimeoutSeconds: options.minRequestTimeoutSeconds,
    bootstrap: {
      securePort: cluster.securePort,
      advertiseAddress: cluster.advertiseAddress,
      extensionAuthentication: authentication,
    },
  });
  const { reader } = parts;
  const gate = await openGate(options, identity, reader);
  const authorization = openAuthorization(options.authorization, parts);
  const { authorizer } = authorization;
  const mappingOf = ownerMapping(() => parts.resources.all.map(({ definition }) => definition));
  const rewriter = createClusterRewriter(
    () => parts.resources,
    () => parts.registry,
  );
  const late: { extension?: ExtensionGateway; nodes?: LocalNodes | undefined } = {};
  const usageMetrics = openUsageMetrics({ parts, isServed: options.nodes > 0, usage: () => late.nodes?.usage, log });
  const local = [...served, ...usageMetrics.served];
  const dial: Dial = (...to) => late.nodes?.dial(...to);
  const aggregation = openAggregation({
    parts,
    rewriter,
    log,
    authentication,
    local: () => late.extension?.served() ?? local,
    builtIn: served,
    credential: identity.proxyClient,
    dial,
    own: { host: '127.0.0.1', port: cluster.securePort },
  });
  const webhooks = openWebhooks({
    parts,
    log,
    dial,
    authorizer,
    own: { host: '127.0.0.1', port: cluster.securePort },
  });
  const admissionDeps = {
    webhooks: webhooks.deps,
    policies: openPolicies(parts, authorizer),
    ...(await readAdmissionConfiguration(options.admissionConfigFile)),
    reader,
    writer: parts.writer,
    rewriter,
    random: systemRandom,
    clock: systemClock,
    authorizer,
    tolerationSeconds: options.tolerationSeconds,
    mappingOf,
  };
  const chain = createAdmissionChain(createAdmissionPlugins(admissionDeps, options.admissionPlugins));
  const admission = createAdmission(chain);
  const runtimeMetrics = createRuntimeMetrics();
  const metrics = createMetrics({ resources: parts.resources, store, release: generated.schema.release });
  const wellKnown = [
    'ping',
    'log',
    'etcd',
    'poststarthook/rbac/bootstrap-roles',
    'poststarthook/bootstrap-controller',
  ].map(well);
  const index = await readGenerated<DocumentIndex>('openapi/index.json');
  const readDocument = (file: string): Promise<Uint8Array> => readFile(new URL(`openapi/${file}`, generatedFolder));
  const documents = createDocuments({
    served: () => aggregation.served(),
    groups: () => aggregation.groups(),
    remoteOpenApi: () => aggregation.openApi(),
    customOpenApi: () => usageMetrics.openApi(late.extension?.openApi() ?? noDocuments),
    index,
    readFile: readDocument,
    serverAddress: () => `${cluster.advertiseAddress}:${cluster.securePort}`,
    now: () => systemClock.now(),
    issuer: options.serviceAccountIssuer,
    keys: gate.keys,
    checks: { healthz: wellKnown, livez: wellKnown, readyz: [...wellKnown, well('informer-sync'), well('shutdown')] },
    metrics: async () => (await metrics.text()) + flowControl.metrics() + (await runtimeMetrics.text()),
  });
  const client = createLocalClient({ ...parts.api, admission }, selfUser);
  late.extension = await openExtension({
    parts,
    client,
    log,
    builtIn: local,
    convert: webhooks.convert,
    readGenerated,
  });
  const flowControl = openFlowControl({
    client,
    limits: options.flowLimits,
    clock: systemClock,
    resources: parts.resources,
    onError: (err) => log.error({ err }, 'flow control failed'),
  });
  const guarded = authorization.enforced ? guardAdmission(admission, authorization) : admission;
  const edge: Omit<Parameters<typeof createHandle>[1], 'authenticate' | 'limiter'> = {
    log,
    isPublic: isPublicPath,
    anonymous: authorization.anonymous,
    ...(authorization.enforced ? { authorizer } : {}),
    remote: (request, user) => aggregation.route(request, user) ?? usageMetrics.route(request),
    nonResource: (call) => flowControl.debug(call) ?? documents(call),
    virtual: createVirtualResources({ ...parts.api, admission, tokens: gate.tokens, authorizer }),
    issuer: gate.issuer,
    reader,
    admission: guarded,
    nodes: { local: () => late.nodes, kubelet: identity.pki.admin },
    onFinish: (observation) => metrics.observe(observation),
  };
  const handle = createHandle(parts, {
    ...edge,
    limiter: flowControl.limiter,
    authenticate: createAuthentication(gate.authenticator, authorizer, gate.requestHeader),
  });
  const localHandle = createHandle(parts, {
    ...edge,
    authenticate: (request: ApiRequest) => (request as LocalRequest).user,
  });
  const compactor = createCompactor({
    store,
    clock: systemClock,
    intervalMs: options.compactionIntervalMs,
    onError: (err) => log.error({ err }, 'compaction failed'),
  });
  const events = parts.resources.stored('events');
  const expiry =
    events === undefined
      ? undefined
      : createExpiry({
          deps: parts.registry,
          clock: systemClock,
          stored: events,
          ttlMs: options.eventTtlMs,
          onError: (err) => log.error({ err }, 'expiry failed'),
        });
  const typeChecking = runsController(options.controllers, 'validatingadmissionpolicy-status-controller')
    ? openTypeChecking({
        parts,
        client,
        index,
        readFile: readDocument,
        onError: (err) => log.error({ err }, 'type checking failed'),
      })
    : undefined;
  const manager = await openControllers({
    names: options.controllers,
    scheduler: options.scheduler,
    nodes: options.nodes,
    images: options.images,
    timeFactor: options.timeFactor,
    nodeLife: options.nodeLife,
    podManifestFolder: options.podManifestFolder,
    release: generated.schema.release,
    network: {
      apiServer: { address: cluster.advertiseAddress, host: reachable(options.bindAddress), port: cluster.securePort },
      outside: options.outsideNetwork,
      exposeNodePorts: options.exposeNodePorts,
      proxyMode: options.proxyMode,
    },
    entries: { address: options.bindAddress, ...options.entryPorts },
    hosts: options.dnsHosts,
    defaultStorageClass: options.defaultStorageClass,
    options: {
      ...options.controllerOptions,
      rootCA: identity.servingCa,
      serviceClusterIPRange: options.serviceClusterIPRange,
    },
    metrics: runtimeMetrics,
    keys: { clusterSigning: identity.pki.ca, serviceAccountPrivateKey: identity.serviceAccountSigningKey },
    clientFor: (name) => {
      const connection = createLocalConnection(localHandle, serviceAccountOf(name));
      const local = createLocalClient({ ...parts.api, admission }, serviceAccountOf(name), connection);
      return createClusterClient(local, connection, ({ group, version, resource }) => {
        return parts.resources.served(group, version, resource) !== undefined;
      });
    },
    onError: (err, name) => log.error({ err, controller: name }, 'reconcile failed'),
  });
  late.nodes = manager?.nodes;
  return {
    handle,
    shutDownNodes: async () => manager?.shutDownNodes(),
    close: async () => {
      usageMetrics.close();
      parts.keeper.close();
      aggregation.close();
      authorization[Symbol.dispose]();
      expiry?.[Symbol.dispose]();
      late.extension?.close();
      flowControl[Symbol.dispose]();
      typeChecking?.[Symbol.dispose]();
      await webhooks.close();
      await manager?.close();
      await compactor[Symbol.asyncDispose]();
    },
  };
}
