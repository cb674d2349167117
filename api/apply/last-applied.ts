import { goJson } from '../go-text.ts';
import { compare } from './compare.ts';
import { difference, emptyFieldSet, type FieldSet } from './field-set.ts';
import { isObject, type JsonObject } from './field-type.ts';
import { fieldsOf } from './fields-of.ts';
import type { FieldTarget } from './target.ts';
import { typeErrors } from './validate.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const mostAnnotationBytes = 256 * 1024;

function annotationsOf(object: JsonObject): JsonObject {
  const { metadata } = object;
  return isObject(metadata) && isObject(metadata['annotations']) ? metadata['annotations'] : {};
}

export function hasLastApplied(object: JsonObject): boolean {
  const text = annotationsOf(object)[annotation];
  return typeof text === 'string' && text !== '';
}

function parseObject(text: unknown): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What kubectl applied on the client's side and nobody has changed since: it may be taken over without force. */
export function clientAppliedFields(live: JsonObject, target: FieldTarget): FieldSet {
  const applied = hasLastApplied(live) ? parseObject(annotationsOf(live)[annotation]) : undefined;
  const type = target.type(target.apiVersion);
  if (applied === undefined || type === undefined || applied['apiVersion'] !== target.apiVersion) return emptyFieldSet;
  if (typeErrors(applied, type).length !== 0 || typeErrors(live, type).length !== 0) return emptyFieldSet;
  const { changed, removed } = compare(applied, live, type);
  return difference(difference(fieldsOf(applied, type), changed), removed);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** The object with the annotation renewed, so that a later client-side apply knows what was applied. */
export function renewLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const metadata = isObject(applied['metadata']) ? { ...applied['metadata'] } : {};
  if (isObject(metadata['annotations'])) {
    const { [annotation]: _, ...others } = metadata['annotations'];
    metadata['annotations'] = others;
  }
  const text = `${goJson(sorted({ ...applied, metadata }))}\n`;
  const { [annotation]: _, ...others } = annotationsOf(object);
  let bytes = annotation.length + new TextEncoder().encode(text).length;
  for (const [key, value] of Object.entries(others)) bytes += key.length + String(value).length;
  const annotations = bytes > mostAnnotationBytes ? others : { ...others, [annotation]: text };
  return { ...object, metadata: { ...(isObject(object['metadata']) ? object['metadata'] : {}), annotations } };
}
