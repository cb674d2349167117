import { type FieldErrors, FieldPath, invalid, notSupported } from '../../../api/field-error.ts';
import type { Api } from '../../../api/object.ts';
import { invalidError, StatusError } from '../../../api/status.ts';
import { type Deleted, type DeleteOptions, deleteObject } from '../../registry/delete.ts';
import { listEntries } from '../../registry/list.ts';
import type { ServedResource } from '../../registry/resource.ts';
import { parseSelection } from '../../registry/selection.ts';
import type { ApiResponse } from '../message.ts';
import { deleteOptions } from '../operation-options.ts';
import { listOptions, type Query } from '../query.ts';
import { renderAny, renderList, renderValue } from '../render.ts';
import {
  type ApiDeps,
  maxBodyBytes,
  mediaTypeOf,
  type ResourceCall,
  renderingOf,
  respond,
  writeRequestOf,
} from './handler.ts';

type WireOptions = Api<'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'>;

async function readOptions(deps: ApiDeps, call: ResourceCall): Promise<WireOptions> {
  const bytes = await call.request.readBody(maxBodyBytes);
  if (bytes.length > 0) return deps.body.decodeDeleteOptions(mediaTypeOf(call), bytes).object as WireOptions;
  return fromQuery(call.query);
}

function fromQuery(query: Query): WireOptions {
  const gracePeriodSeconds = query.int('gracePeriodSeconds');
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(query.has('propagationPolicy') ? { propagationPolicy: query.get('propagationPolicy') } : {}),
    ...(query.has('orphanDependents') ? { orphanDependents: query.bool('orphanDependents') } : {}),
    ...(query.has('dryRun') ? { dryRun: [...query.all('dryRun')] } : {}),
  };
}

const policies = ['Foreground', 'Background', 'Orphan'];

function checkOptions(wire: WireOptions): void {
  const errors: FieldErrors = [];
  const { propagationPolicy: policy, dryRun = [] } = wire;
  const path = FieldPath.of('propagationPolicy');
  if (policy !== undefined && wire.orphanDependents !== undefined) {
    errors.push(invalid(path, policy, 'orphanDependents and deletionPropagation cannot be both set'));
  }
  if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported(path, policy, [...policies, 'nil']));
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported(FieldPath.of('dryRun'), dryRun, ['All']));
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}

/** Also for evictions, which carry delete options. */
export function toDeleteOptions(wire: WireOptions): DeleteOptions {
  checkOptions(wire);
  const { uid, resourceVersion } = wire.preconditions ?? {};
  return {
    ...(wire.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: wire.gracePeriodSeconds }),
    ...(wire.propagationPolicy === undefined ? {} : { propagationPolicy: wire.propagationPolicy as 'Background' }),
    ...(wire.orphanDependents === undefined ? {} : { orphanDependents: wire.orphanDependents }),
    preconditions: {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    dryRun: (wire.dryRun ?? []).length > 0,
  };
}

function successStatus(served: ServedResource, name: string, deleted: Deleted): unknown {
  const { group, resource } = served.definition;
  const details = { name, ...(group === '' ? {} : { group }), kind: resource, uid: deleted.object.metadata?.uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

export async function handleDelete(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info } = call;
  const rendering = renderingOf(deps, call);
  const wire = await readOptions(deps, call);
  const options = toDeleteOptions(wire);
  const write = writeRequestOf(deps, call, {
    subresource: '',
    name: info.name,
    dryRun: options.dryRun === true,
    options: deleteOptions(wire),
  });
  const deleted = await deleteObject(deps.registry, served.stored, info.name, options, write);
  warnOnDelete(call, options);
  const status = !deleted.gone && options.orphanDependents === false ? 202 : 200;
  const whole = !deleted.gone || served.stored.returnsDeletedObject;
  const body = whole
    ? renderValue(served, deleted.value, rendering)
    : renderAny(successStatus(served, info.name, deleted), { ...rendering, form: { ...rendering.form, as: 'object' } });
  return respond(call, status, body, rendering);
}

function warnOnDelete(call: ResourceCall, options: DeleteOptions): void {
  const namesPropagation = options.propagationPolicy !== undefined || options.orphanDependents !== undefined;
  call.warnings.push(...(call.served.stored.strategy.warningsOnDelete?.(namesPropagation) ?? []));
}

// As many as upstream lists at a time.
const collectionPageSize = 10_000;

export async function handleDeleteCollection(deps: ApiDeps, call: ResourceCall): Promise<ApiResponse> {
  const { served, info } = call;
  const rendering = renderingOf(deps, call);
  const listing = listOptions(call.query);
  const wire = await readOptions(deps, call);
  const options = toDeleteOptions(wire);
  const selection = parseSelection(served, { namespace: info.namespace, ...listing });
  const listed = await listEntries(deps.registry, served.stored, selection, {
    ...listing,
    limit: listing.limit === 0 ? collectionPageSize : listing.limit,
  });
  const pending = listed.entries.map(async (entry) => {
    const scoped = { ...call, info: { ...info, namespace: entry.namespace } };
    const write = writeRequestOf(deps, scoped, {
      subresource: '',
      // Admission is not told: the request named none.
      name: '',
      dryRun: options.dryRun === true,
      options: deleteOptions(wire),
    });
    try {
      await deleteObject(deps.registry, served.stored, entry.name, options, write);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    }
  });
  await Promise.all(pending);
  if (listed.entries.length > 0) warnOnDelete(call, options);
  return respond(call, 200, renderList(served, listed, rendering), rendering);
}
