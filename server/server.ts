import { createRequire } from 'node:module';
import type { Catalog } from '../api/catalog.ts';
import type { Clock, Random } from '../api/clock.ts';
import type { ProtobufDocument } from '../api/protobuf/decode.ts';
import { createBodyDecoder, type ProtobufReader } from '../api/schema/body.ts';
import { createDecoder } from '../api/schema/decode.ts';
import type { SchemaDocument } from '../api/schema/schema.ts';
import type { BootstrapOptions } from './bootstrap/bootstrap-objects.ts';
import { createNegotiator } from './http/accept.ts';
import type { ErrorLog } from './http/error-response.ts';
import type { AdmissionTarget, ApiDeps } from './http/handlers/handler.ts';
import type { ApiRequest, ApiResponse } from './http/message.ts';
import { createPipeline, type PipelineOptions } from './http/pipeline.ts';
import { createSubresources, type SubresourceDeps } from './http/subresources.ts';
import { readYaml } from './http/yaml.ts';
import { type Keeper, keepKubernetesService } from './kubernetes-service-keeper.ts';
import type { NodeAccess } from './nodes/access.ts';
import type { Admission, RegistryDeps } from './registry/context.ts';
import { createFieldManagement, type FieldManagement } from './registry/field-management.ts';
import { createClusterReader, createClusterWriter } from './registry/local-access.ts';
import { createResourceTable, type ResourceTable } from './registry/resources.ts';
import type { ClusterReader, ClusterWriter } from './registry/strategy.ts';
import { conversions, strategies } from './resources/catalog.ts';
import { repairServiceAddresses } from './resources/core/service-repair.ts';
import type { ObjectStore } from './storage/store.ts';
import { storeBootstrapObjects } from './store-bootstrap.ts';
import { Caches } from './watch/caches.ts';

export interface ServerOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ErrorLog;
  readonly catalog: Catalog;
  readonly schema: SchemaDocument;
  /** Read when the first protobuf body comes. */
  protobuf(): ProtobufDocument;
  isServed(group: string, version: string): boolean;
  readonly serviceClusterIPRange: string;
  readonly serviceNodePortRange: { readonly first: number; readonly last: number };
  readonly minRequestTimeoutSeconds: number;
  readonly bootstrap: Omit<BootstrapOptions, 'now' | 'groupVersions' | 'serviceClusterIPRange'>;
}

export interface ServerParts {
  readonly registry: RegistryDeps;
  readonly resources: ResourceTable;
  readonly api: Omit<ApiDeps, 'admission'>;
  readonly reader: ClusterReader;
  readonly writer: ClusterWriter;
  /** What must not be missing is made again; ends with the server. */
  readonly keeper: Keeper;
}

const metaType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Everything below the edge: caches loaded, resources registered, bootstrap objects stored. */
export async function openServer(options: ServerOptions): Promise<ServerParts> {
  const { store, clock, random, catalog, schema } = options;
  const caches = await Caches.open(store);
  const late: { table?: ResourceTable; registry?: RegistryDeps; fields?: FieldManagement } = {};
  const table = (): ResourceTable => present(late.table);
  const reader = createClusterReader(table);
  const writer = createClusterWriter(table, () => present(late.registry));
  const { serviceClusterIPRange, serviceNodePortRange } = options;
  const decoder = createDecoder(schema);
  const decodeMetadata = (metadata: unknown) => decoder.decode(metaType, metadata);
  const strategyDeps = { reader, writer, random, serviceClusterIPRange, serviceNodePortRange, decodeMetadata };
  const own: RegistryDeps['own'] = (stored, ...at) => present(late.fields).own(stored, ...at);
  const registry: RegistryDeps = { store, caches, clock, random, strategyDeps, own };
  late.registry = registry;
  const resources = createResourceTable({
    catalog,
    schema,
    strategies,
    conversions,
    caches,
    isServed: options.isServed,
  });
  late.table = resources;
  const fields = createFieldManagement(schema, resources, clock);
  late.fields = fields;
  const body = createBodyDecoder({
    schema,
    decoder,
    readYaml,
    protobuf: lazyProtobufReader(() => protobufDecoding().createProtobufReader(options.protobuf(), schema)),
  });
  const api = {
    registry,
    resources,
    body,
    decoder,
    schema,
    fields,
    negotiate: createNegotiator(),
    minRequestTimeoutSeconds: options.minRequestTimeoutSeconds,
  };
  await storeBootstrapObjects(
    {
      ...options.bootstrap,
      serviceClusterIPRange,
      groupVersions: catalog.groupVersions.filter(({ group, version }) => options.isServed(group, version)),
    },
    registry,
    resources,
    fields,
  );
  await repairServiceAddresses(strategyDeps);
  const keeper = keepKubernetesService(
    { ...options.bootstrap, serviceClusterIPRange },
    { registry, resources, fields },
  );
  return { registry, resources, api, reader, writer, keeper };
}

const require = createRequire(import.meta.url);

function protobufDecoding(): typeof import('../api/protobuf/decode.ts') {
  return require('../api/protobuf/decode.ts') as typeof import('../api/protobuf/decode.ts');
}

/** Many clients never send protobuf: its tables are built for the first who does. */
function lazyProtobufReader(create: () => ProtobufReader): ProtobufReader {
  let reader: ProtobufReader | undefined;
  const made = (): ProtobufReader => {
    reader ??= create();
    return reader;
  };
  return {
    readEnvelope: (bytes) => made().readEnvelope(bytes),
    readMessage: (typeName, raw) => made().readMessage(typeName, raw),
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('used before the server was wired');
  return value;
}

export interface EdgeOptions extends Omit<PipelineOptions, 'api' | 'subresources'>, SubresourceDeps {
  admission(target: AdmissionTarget): Admission;
  readonly nodes?: NodeAccess;
}

/** The pipeline that both edges feed. */
export function createHandle(parts: ServerParts, edge: EdgeOptions): (request: ApiRequest) => Promise<ApiResponse> {
  return createPipeline({
    ...edge,
    api: {
      ...parts.api,
      admission: edge.admission,
      ...(edge.nodes === undefined ? {} : { nodes: { ...edge.nodes, authorizer: edge.authorizer } }),
    },
    subresources: createSubresources(edge),
  });
}
