import { cloneJson } from '../../api/clone.ts';
import { parseLarge, stringifyLarge } from '../../api/json-large.ts';
import { apiVersionOf, groupResourceName, type KubeObject } from '../../api/object.ts';
import { type Printer, type PrinterColumn, printerFor } from '../../api/resources/printer.ts';
import type { Listed } from '../registry/list.ts';
import { encodeObject, type ServedResource, withHead } from '../registry/resource.ts';
import type { Entry } from '../watch/entry.ts';
import type { OutputForm } from './accept.ts';
import { stringifyYaml } from './yaml.ts';

/** How one request wants its answer. */
export interface Rendering {
  readonly form: OutputForm;
  readonly pretty: boolean;
  /** Tables only. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly now: number;
}

const brace = Buffer.from('{');
const comma = Buffer.from(',');
const listEnd = Buffer.from(']}\n');

/** The stored object in the served version. */
export function convertFromHub(served: ServedResource, object: Readonly<KubeObject>): KubeObject {
  const converted =
    served.conversion === undefined ? object : served.conversion.fromHub(cloneJson(object) as KubeObject);
  return withHead(converted as KubeObject, served.definition);
}

/** UTF-8 JSON of a stored value in the served version; the stored bytes themselves where the versions agree. */
export function valueIn(served: ServedResource, value: Uint8Array): Uint8Array {
  const { stored, conversion, head } = served;
  if (conversion !== undefined)
    return encodeObject(served, convertFromHub(served, parseLarge(Buffer.from(value).toString()) as KubeObject));
  if (head.text === stored.head.text) return value;
  return Buffer.concat([head.bytes, value.subarray(stored.head.bytes.length)]);
}

/** The bytes of a list item after its opening brace: items carry no kind and apiVersion. */
function itemTail(served: ServedResource, value: Uint8Array): Uint8Array {
  // Objects of custom resources keep kind and apiVersion everywhere.
  if (served.custom !== undefined) return value.subarray(brace.length);
  const whole = served.conversion === undefined ? value : valueIn(served, value);
  const head = served.conversion === undefined ? served.stored.head : served.head;
  return whole.subarray(head.bytes.length);
}

/** Keys sorted, as upstream writes YAML. */
export function toYaml(value: unknown): string {
  return stringifyYaml(value, { sortMapEntries: true, indentSeq: false });
}

function finish(bytes: Uint8Array, rendering: Rendering): Uint8Array {
  if (rendering.form.format === 'yaml') return Buffer.from(toYaml(parseLarge(Buffer.from(bytes).toString())));
  if (rendering.pretty) return Buffer.from(stringifyLarge(parseLarge(Buffer.from(bytes).toString()), 2));
  return bytes;
}

export function renderAny(body: unknown, rendering: Rendering): Uint8Array {
  return finish(Buffer.from(stringifyLarge(body)), rendering);
}

/** One object, given as its stored bytes. */
export function renderValue(served: ServedResource, value: Uint8Array, rendering: Rendering): Uint8Array {
  const { form } = rendering;
  if (form.as === 'object') {
    const bytes = valueIn(served, value);
    return rendering.pretty || form.format === 'yaml' ? finish(bytes, rendering) : bytes;
  }
  const object = parseLarge(Buffer.from(value).toString()) as KubeObject;
  if (form.as === 'table')
    return renderAny(
      tableOf(served, [object], { resourceVersion: object.metadata?.resourceVersion }, rendering),
      rendering,
    );
  return renderAny(partialOf(object, form.metaVersion), rendering);
}

function partialOf(object: Readonly<KubeObject>, metaVersion: string): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}`, metadata: object.metadata };
}

interface ListMeta {
  readonly resourceVersion?: string | undefined;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** Lists of custom resources always have a place for the token. */
function customListMeta(listed: Listed): ListMeta {
  return { continue: '', ...listMeta(listed) };
}

function listMeta(listed: Listed): ListMeta {
  return {
    resourceVersion: String(listed.revision),
    ...(listed.continueToken === '' ? {} : { continue: listed.continueToken }),
    ...(listed.remaining === undefined ? {} : { remainingItemCount: listed.remaining }),
  };
}

/** The pieces of a list answer, to be written one after the other. */
export function renderList(served: ServedResource, listed: Listed, rendering: Rendering): readonly Uint8Array[] {
  const { form } = rendering;
  const meta = served.custom === undefined || form.as !== 'object' ? listMeta(listed) : customListMeta(listed);
  if (form.as !== 'object') {
    const objects = listed.entries.map((entry) => served.stored.cache.objectOf(entry));
    if (form.as === 'table') return [renderAny(tableOf(served, objects, meta, rendering), rendering)];
    const items = objects.map((object) => partialOf(object, form.metaVersion));
    return [
      renderAny(
        {
          kind: 'PartialObjectMetadataList',
          apiVersion: `meta.k8s.io/${form.metaVersion}`,
          metadata: meta,
          items: items.length === 0 ? null : items,
        },
        rendering,
      ),
    ];
  }
  const { definition } = served;
  const listKind = served.custom?.listKind ?? `${definition.kind}List`;
  const head = `{"kind":${JSON.stringify(listKind)},"apiVersion":${JSON.stringify(apiVersionOf(definition))},"metadata":${JSON.stringify(meta)},"items":[`;
  const pieces: Uint8Array[] = [Buffer.from(head)];
  for (const [i, entry] of listed.entries.entries()) {
    if (i > 0) pieces.push(comma);
    pieces.push(brace, itemTail(served, entry.value));
  }
  pieces.push(listEnd);
  if (rendering.pretty || form.format === 'yaml') return [finish(Buffer.concat(pieces), rendering)];
  return pieces;
}

function definitionsOf(columns: readonly PrinterColumn[]): unknown[] {
  return columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

export function tableOf(
  served: ServedResource,
  objects: readonly Readonly<KubeObject>[],
  metadata: ListMeta,
  rendering: Rendering,
  withHeader = true,
): unknown {
  const whole = (object: Readonly<KubeObject>): unknown => convertFromHub(served, object);
  const printer = served.custom?.printer ?? printerFor(groupResourceName(served.definition));
  return tableBy(printer, objects, metadata, rendering, { withHeader, whole });
}

function tableBy(
  printer: Printer,
  objects: readonly Readonly<KubeObject>[],
  metadata: ListMeta,
  rendering: Rendering,
  options: { readonly withHeader: boolean; readonly whole: (object: Readonly<KubeObject>) => unknown },
): unknown {
  const { metaVersion } = rendering.form;
  const objectOf =
    rendering.includeObject === 'Object' ? options.whole : (it: KubeObject) => partialOf(it, metaVersion);
  const rows = objects.map((object) => {
    const conditions = printer.conditions(object);
    return {
      cells: printer.cells(object, { now: rendering.now }),
      ...(conditions.length === 0 ? {} : { conditions }),
      object: rendering.includeObject === 'None' ? null : objectOf(object),
    };
  });
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata,
    ...(options.withHeader ? { columnDefinitions: definitionsOf(printer.columns) } : {}),
    rows,
  };
}

/** One object of a subresource that is a kind of its own: `scale`. */
export function renderSubresource(printer: Printer, object: Readonly<KubeObject>, rendering: Rendering): Uint8Array {
  const { form } = rendering;
  if (form.as === 'object') return renderAny(object, rendering);
  if (form.as === 'partial') return renderAny(partialOf(object, form.metaVersion), rendering);
  const metadata = { resourceVersion: object.metadata?.resourceVersion };
  const options = { withHeader: true, whole: (it: Readonly<KubeObject>) => it };
  return renderAny(tableBy(printer, [object], metadata, rendering, options), rendering);
}

/** The object of a watch event, as JSON bytes. `revision` replaces the resourceVersion of a former state. */
export function renderForWatch(
  served: ServedResource,
  entry: Entry,
  rendering: Rendering,
  options: { readonly revision?: number; readonly withHeader: boolean },
): Uint8Array {
  const { form } = rendering;
  if (form.as === 'object' && options.revision === undefined) return valueIn(served, entry.value);
  let object = served.stored.cache.objectOf(entry);
  if (options.revision !== undefined)
    object = { ...object, metadata: { ...object.metadata, resourceVersion: String(options.revision) } };
  if (form.as === 'object') return encodeObject(served, convertFromHub(served, object));
  if (form.as === 'table') {
    const table = tableOf(
      served,
      [object],
      { resourceVersion: object.metadata?.resourceVersion },
      rendering,
      options.withHeader,
    );
    return Buffer.from(JSON.stringify(table));
  }
  return Buffer.from(JSON.stringify(partialOf(object, form.metaVersion)));
}
